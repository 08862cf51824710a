"""The command `pgs_compiler` in this process and in one of its own, and what the workspace `shop` holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from pgs_compiler.__main__ import cli

ENTITY = "entity: shop::EN_ITEM_V0\nsummary: An item\nfields: {name: {type: string}}\n"
WORKFLOW = """\
workflow: shop::WF_ORDER_V0
summary: Take an order
start: admit
nodes:
  admit: {intent: IN_ORDER_V0, next: {ACK: done, NACK: rejected}}
  done: {exit: COMPLETED}
  rejected: {exit: REJECTED}
---
intent: shop::IN_ORDER_V0
summary: Ask for an order
actors: [AC_OPERATOR_V0]
payload: {item: {type: string}}
"""


def run(*arguments: str | Path) -> Result:
    """A command in this process."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def call(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "pgs_compiler", *map(str, arguments)]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    assert "Traceback" not in done.stdout + done.stderr
    return done
