"""The processes of the bank."""
