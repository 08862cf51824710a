"""audits: recipes for the processes of Python sources, begun from their contracts and shown as they take effect."""
