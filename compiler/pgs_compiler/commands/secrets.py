"""Passphrases: from the environment or typed at a terminal, never on a command line and never shown."""

from __future__ import annotations

import os
import sys

import click

from pgs_snapshot.signing import PASSPHRASE


def given(ask: bool = True) -> bytes | None:
    """The passphrase of the environment; without one, what is typed at a terminal, if there is one and `ask`."""
    word = os.environ.get(PASSPHRASE)
    if word:
        return os.fsencode(word)
    if ask and sys.stdin.isatty():
        typed: str = click.prompt("Passphrase", hide_input=True, err=True)
        return typed.encode()
    return None


def asked() -> bytes:
    """A new passphrase, typed twice."""
    typed: str = click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return typed.encode()
