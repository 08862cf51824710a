"""What operators do beside running workflows: who acts, which store, state from outside, erasure."""
