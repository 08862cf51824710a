"""Whatever a test here runs is done again when it is over."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.replaying import done_again


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from done_again(item))
