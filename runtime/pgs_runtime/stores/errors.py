"""Why a store refuses: busy (exit 11), unusable (exit 8), or used wrongly (exit 70)."""

from __future__ import annotations

from typing import Literal, TypeAlias

Cause: TypeAlias = Literal[
    "altered",  # its schema is not the one that its number stands for
    "corrupt",
    "foreign",  # another program's file, or no database at all
    "full",
    "io",
    "newer",  # written by a later version
    "permission",
    "readonly",
    "unreachable",  # no connection to its server
    "unsafe",  # another user could swap, edit or read it
    "unsupported",  # this library or this file system cannot keep the promises
    "unknown",
]


class StoreBusy(Exception):
    """Another process held the store until our deadline. Nothing was written; trying again is right."""


class StoreUnusable(Exception):
    """The store cannot be used as it is.

    Attributes:
        cause: which kind of trouble it is.
        hint: what to do about it, or "".
    """

    def __init__(self, cause: Cause, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.cause: Cause = cause
        self.hint = hint


class LawBroken(Exception):
    """A segment breaks a law of the store. Nothing was written; the fault is the caller's."""


class StoreMisused(RuntimeError):
    """A store was used by another process or thread than its owner, or one exclusive block inside another."""
