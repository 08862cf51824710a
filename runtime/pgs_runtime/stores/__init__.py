"""The state store: one port in bytes (`port`), and its backends."""
