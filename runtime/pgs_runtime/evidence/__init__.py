"""How much is known of a record: its chain, its log, checkpoints, witnesses, case files."""
