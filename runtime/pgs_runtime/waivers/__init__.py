"""Findings that are lived with, and rules that are overridden for a while."""
