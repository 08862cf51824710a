"""What is published: the wheel, the lock files, the tracked files."""

from __future__ import annotations

import hashlib
import re
import subprocess
import zipfile
from fnmatch import fnmatch

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import PACKAGES, PROJECT, ROOT

CONTENT = [
    "*.py",
    "pgs_*/py.typed",
    "pgs_capabilities/declarations/*.yaml",
    "pgs_compiler/explain/*.md",
    "pgs_compiler/templates/*",
    "pgs_*/fonts/*.ttf",
    "pgs_*/fonts/LICENSE*",
]

# Paths that exist on one machine only.
MACHINE_PATH = re.compile(r"(?<![\w.~}/-])/(?:work/|root/|tmp\b)")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel that was built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_packages_whole_and_nothing_else(wheel: list[str]) -> None:
    files = {
        path.relative_to(package.parent).as_posix()
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in wheel if ".dist-info/" not in name} == files


def test_the_wheel_holds_code_and_known_kinds_of_data(wheel: list[str]) -> None:
    unknown = [name for name in wheel if not any(fnmatch(name, kind) for kind in [*CONTENT, "*.dist-info/*"])]
    assert not unknown


def test_every_package_of_the_wheel_is_typed(wheel: list[str]) -> None:
    assert {name for name in wheel if name.endswith("/py.typed")} == {f"{p.name}/py.typed" for p in PACKAGES}


def test_the_wheel_carries_the_licence_and_the_two_programs(wheel: list[str]) -> None:
    information = {name.partition(".dist-info/")[2] for name in wheel}
    assert {"licenses/LICENSE", "entry_points.txt"} <= information
    assert set(PROJECT["project"]["scripts"]) == {"pgs_compiler", "pgs_runtime"}


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", []), ("requirements-dev.lock", ["dev"])], ids=["run", "dev"]
)
def test_every_declared_dependency_is_locked_within_its_bounds(lock: str, extras: list[str]) -> None:
    project = PROJECT["project"]
    declared = [*project["dependencies"], *PROJECT["build-system"]["requires"]]
    declared += [line for extra in extras for line in project["optional-dependencies"][extra]]
    versions = pins(lock)
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_the_lock_for_tests_pins_what_the_lock_for_running_pins() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = re.findall(r"^[a-z].*==(?:.*\\\n)+.*$", text, re.MULTILINE)
    assert len(blocks) == len(pins(lock))
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links|--trusted-host", text)


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    # A checkout may belong to another user than the one who tests it, which git takes for a danger.
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        if path.is_file()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert not found


@pytest.mark.parametrize(
    "notice", ["tests/data/jsonpath-compliance.NOTICE.md", "tests/data/sarif/NOTICE.md"], ids=["jsonpath", "sarif"]
)
def test_a_file_of_others_is_unchanged_and_comes_with_its_terms(notice: str) -> None:
    text = (ROOT / notice).read_text(encoding="utf-8")
    name, digest = re.findall(r"^`([\w.-]+\.json)`|`([0-9a-f]{64})`", text, re.MULTILINE)
    assert hashlib.sha256((ROOT / notice).with_name(name[0]).read_bytes()).hexdigest() == digest[1]
    assert re.search(r"^> .*\bAS IS\b", text, re.MULTILINE)  # the terms themselves, not only their name
    assert f"]({notice})" in (ROOT / "README.md").read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    """Version by name of what a lock file pins."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))
