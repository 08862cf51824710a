"""Tellers of the bank that the bookshop of the tests pays at."""
