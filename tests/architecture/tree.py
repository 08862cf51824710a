"""The code under test as files: its packages, its modules, its project file."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = sorted(init.parent for init in ROOT.glob("*/pgs_*/__init__.py"))
MODULES = sorted(module for package in PACKAGES for module in package.rglob("*.py"))


def relative(path: Path) -> str:
    """The path as messages show it, from the root of the project."""
    return path.relative_to(ROOT).as_posix()
