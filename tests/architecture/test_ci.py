"""What CI runs, on machines that lack what it needs: programs of a few lines stand for the system's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

ALWAYS_THERE = ("bash", "dirname")
SCRIPTS = {
    "make": 'echo "make $* with $PYTHON" >> "$MACHINE/log"',
    "git": "",
    "dot": "",
    "initdb": "",
    "pg_ctlcluster": "",
    "install": 'echo "install $* $(cat)" >> "$MACHINE/log"',
    # What it installs is there afterwards; a `-venv` gives its Python what it lacked.
    "apt-get": """
while [ "$1" != install ] && [ "$1" != update ]; do shift; done
echo "apt-get $*" >> "$MACHINE/log"
[ "$1" = update ] && exit
for name in "$@"; do
  case $name in
    install | --*) ;;
    graphviz) cp "$MACHINE/store/dot" "$MACHINE/bin/" ;;
    postgresql) cp "$MACHINE/store/pg_ctlcluster" "$MACHINE/bin/" ;;
    *-venv) touch "$MACHINE/venv" ;;
    *) cp "$MACHINE/store/$name" "$MACHINE/bin/" ;;
  esac
done""",
    # A Python of its name's version, with venv once that is installed.
    "python3": """
case $2 in
  *ensurepip*) [ -e "$MACHINE/venv" ] ;;
  *) [ ! -e "$MACHINE/old-${0##*/}" ] ;;
esac""",
}
UPDATE = "apt-get update"
NO_CLUSTER = "install -D -m 644 /dev/stdin /etc/postgresql-common/createcluster.conf create_main_cluster = false"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with nothing but a shell and apt-get; what else there is lies in `store`."""
    for folder in ("bin", "store"):
        (tmp_path / folder).mkdir()
    for name in ALWAYS_THERE:
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    for name, script in SCRIPTS.items():
        file = tmp_path / "store" / name
        file.write_text(f"#!{shutil.which('sh')}\nPATH={os.environ['PATH']}\n{script}\n", encoding="utf-8")
        file.chmod(0o755)
    give(tmp_path, "apt-get", "install")
    return tmp_path


def give(machine: Path, *names: str) -> None:
    """Install something; `python3.11` is a Python of that name."""
    for name in names:
        shutil.copy(machine / "store" / ("python3" if name.startswith("python") else name), machine / "bin" / name)


def ci(machine: Path, **environment: str) -> tuple[int, list[str], str]:
    """Run CI; how it ended, what was called, and what it said was wrong."""
    surroundings = {"PATH": str(machine / "bin"), "MACHINE": str(machine), **environment}
    line = [str(machine / "bin" / "bash"), str(ROOT / ".ci" / "run")]
    done = subprocess.run(line, env=surroundings, capture_output=True, text=True, check=False)
    log = machine / "log"
    return done.returncode, log.read_text(encoding="utf-8").splitlines() if log.exists() else [], done.stderr


def runs_with(python: str) -> list[str]:
    return [f"make lint with {python}", f"make test with {python}"]


as_root = pytest.mark.parametrize("root", [os.geteuid() == 0], ids=["root" if os.geteuid() == 0 else "user"])


@as_root
@pytest.mark.parametrize(
    ("there", "installed", "python"),
    [
        pytest.param((), "make git graphviz postgresql python3 python3-venv", "python3", id="nothing"),
        pytest.param(("python3",), "make git graphviz postgresql python3-venv", "python3", id="python3"),
        pytest.param(
            ("python3.11", "git"), "make graphviz postgresql python3.11-venv", "python3.11", id="python3.11-and-git"
        ),
        pytest.param(
            ("python3.12", "git", "make", "dot", "initdb"), "python3.12-venv", "python3.12", id="only-venv-is-missing"
        ),
    ],
)
def test_what_a_machine_lacks_is_installed_as_root(
    there: tuple[str, ...], installed: str, python: str, root: bool, machine: Path
) -> None:
    give(machine, *there)
    code, log, said = ci(machine)
    if root:
        assert (code, said) == (0, "")
        before = [UPDATE, NO_CLUSTER] if "postgresql" in installed else [UPDATE]
        assert log == [*before, f"apt-get install --no-install-recommends {installed}", *runs_with(python)]
    else:
        assert (code, log) == (1, [])
        assert said == f"Missing: {installed}. Install them, or run this as root on Debian.\n"


def test_a_machine_that_has_everything_is_left_as_it_is(machine: Path) -> None:
    give(machine, "python3", "make", "git", "dot", "pg_ctlcluster")
    (machine / "venv").touch()
    assert ci(machine) == (0, runs_with("python3"), "")


def test_the_python_that_is_asked_for_is_taken_or_nothing(machine: Path) -> None:
    give(machine, "python3", "python3.13", "make", "git", "dot", "initdb")
    (machine / "venv").touch()
    assert ci(machine, PYTHON="python3.13") == (0, runs_with("python3.13"), "")
    (machine / "log").unlink()
    assert ci(machine, PYTHON="python3.14") == (1, [], "'python3.14' is no Python 3.11 or later.\n")


def test_a_python_that_is_too_old_is_passed_over(machine: Path) -> None:
    give(machine, "python3", "python3.11", "make", "git", "dot", "initdb")
    (machine / "venv").touch()
    (machine / "old-python3").touch()
    assert ci(machine) == (0, runs_with("python3.11"), "")


def test_a_stage_that_fails_is_the_last(machine: Path) -> None:
    give(machine, "python3", "git", "dot", "initdb")
    (machine / "venv").touch()
    make = machine / "bin" / "make"
    make.write_text(f'#!{shutil.which("sh")}\necho "make $*" >> "$MACHINE/log"\nexit 2\n', encoding="utf-8")
    make.chmod(0o755)
    assert ci(machine)[:2] == (2, ["make lint"])
