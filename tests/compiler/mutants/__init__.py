"""A corpus of mistakes, made by program: every kind of mistake at every place of the examples that it fits."""
