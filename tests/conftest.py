"""What all tests have in common."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import Server, programs

# A slow machine is no bug, hence no deadline. CI draws the same examples each time, so that a change is
# judged by what it changed; a developer's run draws new ones.
settings.register_profile(
    "everyday", max_examples=50, deadline=None, database=None, derandomize="CI" in os.environ, print_blob=True
)
settings.load_profile("everyday")

# Programs and runs are many small objects that stay; the commands set the same, for the same reason.
gc.set_threshold(100_000, 50, 50)

# What tests write they write through to the disk, thousands of times, and wait for it. What a disk loses when the power
# goes is for `make soak`; here a store is as good in memory, where a machine has enough of it for all tests together.
MEMORY = Path("/dev/shm")  # noqa: S108
ENOUGH = 4 << 30


def _holds_all(folder: Path) -> bool:
    """Whether there is room in a folder, and programs that are written there can be run."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    stands = os.statvfs(folder)
    return stands.f_bavail * stands.f_frsize >= ENOUGH and not stands.f_flag & os.ST_NOEXEC


if "TMPDIR" not in os.environ and _holds_all(MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# Verdicts on transforms are kept for one run of the tests, and never among those of the user.
_kept = tempfile.TemporaryDirectory(prefix="pgs-tests-", ignore_cleanup_errors=True)
os.environ |= {"XDG_CACHE_HOME": f"{_kept.name}/cache", "XDG_STATE_HOME": f"{_kept.name}/state"}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server. Where there are no programs for one, the test is skipped; in CI that is a failure."""
    if programs() is None:
        why = "no PostgreSQL server is installed here"
        if "CI" in os.environ:
            pytest.fail(why)
        pytest.skip(why)
    server = Server()
    yield server
    server.remove()
