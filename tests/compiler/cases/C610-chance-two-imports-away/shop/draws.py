"""Draws."""

from random import randint


def seed() -> int:
    return randint(1, 6)
