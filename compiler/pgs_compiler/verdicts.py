"""Verdicts that were reached before, kept outside of every workspace and snapshot.

Laws:
* only that something passed is kept; whatever is not known, unreadable or forged is tried again;
* a verdict speaks of one digest over everything that decides it: the code, the examples, the limits, this Python;
* a verdict holds only with a code made by a secret that lies elsewhere, so that who can write the cache (a build
  server restores one that somebody else has filled) cannot write a verdict.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_KEY_BYTES = 32


class Verdicts:
    """The digests of what passed, in a folder of the user's cache."""

    def __init__(self, environment: Mapping[str, str], about: str) -> None:
        """Open them.

        Args:
            environment: says where the user's files are, as the XDG Base Directory Specification 0.8 has it.
            about: what the verdicts are about; others know nothing of them.
        """
        self._about = about
        self._folder = _folder(environment, "XDG_CACHE_HOME", ".cache", about)
        self._key = _key(_folder(environment, "XDG_STATE_HOME", ".local/state", about))

    def passed(self, digest: str) -> bool:
        """Whether what has this digest passed on this machine before."""
        if self._folder is None or self._key is None:
            return False
        try:
            kept = (self._folder / digest).read_bytes()
        except OSError:
            return False
        return hmac.compare_digest(kept, self._code(digest))

    def keep(self, digest: str) -> None:
        """Note that it passed. Where nothing can be kept, nothing is."""
        if self._folder is None or self._key is None:
            return
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = self._folder / f"{digest}.{os.getpid()}"
            part.write_bytes(self._code(digest))
            part.replace(self._folder / digest)

    def _code(self, digest: str) -> bytes:
        return hmac.digest(self._key or b"", f"pgs-{self._about}/1 {digest}".encode(), hashlib.sha256).hex().encode()


def _folder(environment: Mapping[str, str], variable: str, otherwise: str, about: str) -> Path | None:
    given, home = environment.get(variable, ""), environment.get("HOME", "")
    if os.path.isabs(given):
        return Path(given, "pgs", about)
    return Path(home, otherwise, "pgs", about) if os.path.isabs(home) else None


def _key(folder: Path | None) -> bytes | None:
    """The user's secret, made when there is none. One that others could read or write is none."""
    if folder is None:
        return None
    file = folder / "key"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(made, "wb") as new:
                new.write(secrets.token_bytes(_KEY_BYTES))
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as found:
            facts = os.fstat(found.fileno())
            key = found.read(_KEY_BYTES + 1)
            private = facts.st_uid == os.getuid() and not facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            return key if private and stat.S_ISREG(facts.st_mode) and len(key) == _KEY_BYTES else None
    return None
