"""Commands of `pgs_compiler` about snapshots that are there: who signed them, and whether they can be built again."""
