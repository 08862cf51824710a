"""What all tests have in common."""

from __future__ import annotations

import os

from hypothesis import settings

# A slow machine is no bug, hence no deadline. CI draws the same examples each time, so that a change is
# judged by what it changed; a developer's run draws new ones.
settings.register_profile(
    "everyday", max_examples=50, deadline=None, database=None, derandomize="CI" in os.environ, print_blob=True
)
settings.load_profile("everyday")
