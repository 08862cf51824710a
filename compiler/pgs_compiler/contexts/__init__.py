"""contexts: the schema of a context, from dataclasses in a Python source and back. Nothing of a source is run."""
