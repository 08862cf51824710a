"""An implementation that misbehaves on demand."""
