"""Labelled values: encrypted under the keys of those to whom they belong, until these are erased."""
