"""Sealed code: how it is loaded and called, and what the code of a transform may reach. The compiler tries
transforms here, and the runtime calls them; so both mean the same by it.
"""
