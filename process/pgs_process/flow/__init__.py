"""Flow: what runs next, by signals and state machines."""
