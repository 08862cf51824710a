"""Scenarios: what an author expects of runs, read, staged by the runtime, and judged."""
