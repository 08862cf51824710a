"""The sealed format between compiler and runtime: model, canonical codec, digests."""

__version__ = "0.1.0"
