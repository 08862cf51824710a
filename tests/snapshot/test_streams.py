"""What code of others writes to standard output stays out of a program's answer."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import os, subprocess, sys
from pgs_snapshot.streams import output_to_error
print("first")
try:
    with output_to_error():
        print("printed")
        sys.stdout.write("written\\n")
        sys.__stdout__.write("to the original\\n")
        os.write(1, b"to the descriptor\\n")
        subprocess.run(["echo", "by another program"], check=True)
        raise KeyError
except KeyError:
    print("answer")
"""


def test_whatever_is_written_to_standard_output_meanwhile_goes_to_standard_error() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "first\nanswer\n"
    assert sorted(done.stderr.splitlines()) == [
        "by another program",
        "printed",
        "to the descriptor",
        "to the original",
        "written",
    ]
