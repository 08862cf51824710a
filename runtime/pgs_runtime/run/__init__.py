"""Runs on their way: attempts, commits, waiting, signals, and what goes on after the process has ended."""
