"""The pharmacy that the clinic of the tests sends to."""
