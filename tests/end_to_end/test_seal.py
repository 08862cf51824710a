"""The snapshot of the example protocols: every bit counts, and the same sources give the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pgs_snapshot.folder import read_folder
from pgs_snapshot.seal import MANIFEST, SealBroken, verify
from tests.end_to_end.programs import ENVIRONMENT, ROOT, Installation

SAMPLES = 40
REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
ADA = b'{"actor_record":{"first_name":"A","last_name":"B","email_registration":"a@b.org"}}'


def flipped(data: bytes, index: int) -> bytes:
    """The data with one bit of one byte flipped, another bit for each byte."""
    changed = bytearray(data)
    changed[index] ^= 1 << (index % 8)
    return bytes(changed)


def places(files: Mapping[str, bytes]) -> Iterator[tuple[str, int]]:
    """One byte of every file, further on in each, and some over the whole length of the manifest.

    Every byte of every file is flipped in a small snapshot, by `tests/snapshot/test_seal.py`. The step is odd, so that
    each of the eight bits is flipped.
    """
    for n, (path, data) in enumerate(files.items()):
        if data:
            yield path, n * 37 % len(data)
    manifest = files[MANIFEST]
    yield from ((MANIFEST, index) for index in range(0, len(manifest), len(manifest) // 150 | 1))


def test_seal_01_a_flipped_bit_anywhere_in_the_examples_is_refused(
    example_files: Mapping[str, bytes],
) -> None:
    files = dict(example_files)
    verify(files)
    accepted = []
    for path, index in places(example_files):
        files[path] = flipped(example_files[path], index)
        try:
            verify(files)
        except SealBroken:
            pass
        else:
            accepted.append((path, index))
        files[path] = example_files[path]
    assert accepted == []


# Runs the command once for each place, in one process, as loading the command takes longer than refusing.
LOOP = """
import json, os, sys
from pathlib import Path
from click.testing import CliRunner
from pgs_runtime.__main__ import cli
workspace, data, payload, *places = sys.argv[1:]
runner, ends = CliRunner(), []
line = ["run", "--wf", os.environ["PGS_WF"], "--payload", payload, "--json"]
for place in places:
    path, _, index = place.rpartition(":")
    file = Path(workspace, "protocol_snapshot", path)
    kept = file.read_bytes()
    changed = bytearray(kept)
    changed[int(index)] ^= 1 << (int(index) % 8)
    file.write_bytes(changed)
    result = runner.invoke(cli, [*line, "--workspace", workspace, "--data-root", data])
    ends.append([result.exit_code, json.loads(result.stdout).get("error", {}).get("code", "")])
    file.write_bytes(kept)
print(json.dumps(ends))
"""


def test_seal_01_the_command_refuses_every_flipped_bit_and_runs_nothing(
    examples: Installation, example_files: Mapping[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "payload.json").write_bytes(ADA)
    every = [(path, index) for path, data in example_files.items() for index in range(len(data))]
    sampled = every[:: len(every) // SAMPLES][:SAMPLES]
    arguments = [f"{path}:{index}" for path, index in sampled]
    where = map(str, (examples.workspace, examples.data, tmp_path / "payload.json"))
    line = [sys.executable, "-I", "-c", LOOP, *where, *arguments]
    environment = {**ENVIRONMENT, "PGS_WF": REGISTER}
    done = subprocess.run(line, capture_output=True, check=True, env=environment)
    ends = json.loads(done.stdout)
    assert len(ends) == SAMPLES
    assert {code for code, _ in ends} == {3}
    assert {error[:2] for _, error in ends} == {"Z9"}
    assert examples.untouched()
    assert examples.run(REGISTER, ADA).code == 0


@pytest.mark.parametrize("path", ["extra.json", "sources/__pycache__/x.pyc"])
def test_seal_02_a_file_that_was_added_is_refused_by_the_command(path: str, examples: Installation) -> None:
    file = examples.workspace / "protocol_snapshot" / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"{}")
    answer = examples.run(REGISTER, ADA, "--json")
    assert (answer.code, answer.error()["code"]) == (3, "Z907")
    assert examples.untouched()


def test_two_compilations_far_from_each_other_give_the_same_bytes(
    example_files: Mapping[str, bytes], tmp_path: Path
) -> None:
    surroundings = [
        ("first", {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}, "000", ROOT),
        ("se cond/é", {"PYTHONHASHSEED": "77", "TZ": "America/St_Johns", "COLUMNS": "1"}, "077", tmp_path),
    ]
    for name, variables, umask, where in surroundings:
        workspace = tmp_path / name
        workspace.mkdir(parents=True)
        shutil.copy(ROOT / "pgs.yaml", workspace)
        shutil.copytree(ROOT / "protocols", workspace / "protocols")
        # Hash seeds are not taken by an isolated interpreter (-I), so this one is as isolated as it can be.
        line = [sys.executable, "-s", "-P", "-m", "pgs_compiler", "compile", "--workspace", str(workspace)]
        shell = ["sh", "-c", f'umask {umask}; exec "$@"', "sh", *line]
        subprocess.run(shell, cwd=where, env={**ENVIRONMENT, **variables}, check=True, capture_output=True)
        assert files_of(workspace / "protocol_snapshot") == dict(example_files)


def files_of(folder: Path) -> dict[str, bytes]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return read_folder(descriptor)
    finally:
        os.close(descriptor)
