"""The guard: what a body is handed in place of the state."""
