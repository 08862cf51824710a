"""What a run does next: the walk over a linked graph, without input or output."""
