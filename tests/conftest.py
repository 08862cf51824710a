"""What all tests have in common."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator

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
