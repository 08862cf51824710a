"""What is opened before anything runs: the snapshot, whom it comes from, the store, settings."""
