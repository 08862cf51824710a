"""The compiler: YAML declarations in, a sealed snapshot out."""
