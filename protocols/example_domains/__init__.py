"""What the example domains compute and ask for beyond what comes with PGS."""
