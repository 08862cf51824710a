"""A hundred functions as people write them, all of them pure: the gate has nothing to say about any."""
