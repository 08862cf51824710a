"""A workspace to type commands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compiler.command import ENTITY, WORKFLOW


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace without mistakes; the working directory."""
    root = tmp_path / "shop"
    (root / "protocols").mkdir(parents=True)
    (root / "protocols" / "order.yaml").write_text(WORKFLOW, encoding="utf-8")
    (root / "pgs.yaml").write_text("format: pgs-project/1\nname: shop\nversion: 1\n", encoding="utf-8")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def broken(shop: Path) -> Path:
    """The same with one mistake."""
    (shop / "protocols" / "item.yaml").write_text(ENTITY.replace("fields", "feilds"), encoding="utf-8")
    return shop
