"""A sealed graph in, closures over slots out; and the boundary to the code of authors."""
