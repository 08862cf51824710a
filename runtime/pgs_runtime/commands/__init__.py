"""The commands of `pgs_runtime`. Each is a few lines over the library."""
