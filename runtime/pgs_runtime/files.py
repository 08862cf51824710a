"""Files of others, read so that nothing about them keeps a command waiting."""

from __future__ import annotations

import os
from pathlib import Path


def read_file(file: Path, most: int) -> bytes:
    """The bytes of a file, or so many and one more of a larger one.

    A pipe with a name that nobody writes to is empty: it is not waited for.

    Raises:
        OSError
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with open(descriptor, "rb") as opened:
        os.set_blocking(descriptor, True)
        return opened.read(most + 1)
