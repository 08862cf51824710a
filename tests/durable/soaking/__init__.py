"""What `python -m tests.durable.soak` does, one module for each part."""
