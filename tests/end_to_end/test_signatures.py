"""Signatures at the command line: who is trusted is asked before anything runs, and keys stay where they are."""

from __future__ import annotations

import base64
import getpass
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from pgs_runtime.runtime import Runtime
from pgs_snapshot.dsse import MAX_SIGNATURES, read_envelope, written
from pgs_snapshot.endorsed import statement_of
from pgs_snapshot.exchange import put_signature, write_snapshot
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.seal import SIGNATURE, SealBroken, Sealed
from pgs_snapshot.signing import key_of_seed, read_key
from tests.end_to_end.programs import ENVIRONMENT, Answer, Installation, command, compiled, recompile
from tests.snapshot.trusted import SNAPSHOT, write_policy

REGISTER = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
ADA = b'{"actor_record":{"first_name":"A","last_name":"B","email_registration":"a@b.org"}}'


class Signers:
    """An installation with a trust directory and the files of keys beside it."""

    def __init__(self, place: Installation, folder: Path) -> None:
        self.place = place
        self.folder = folder
        self.trust = folder / "trust"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def keys(self, *arguments: str | Path, **how: object) -> Answer:
        return command("pgs_compiler", ["keys", *arguments, "--trust", self.trust], **how)  # type: ignore[arg-type]

    def new(self, name: str, *arguments: str | Path) -> str:
        """Make a key that may sign snapshots; its id."""
        line = ["new", name, "--role", "snapshot", "--owner", name.title(), "--out", self.key(name), *arguments]
        answer = self.keys(*line)
        assert answer.code == 0, answer.err
        return answer.out.split()[0]

    def sign(self, name: str, *arguments: str) -> Answer:
        return self.place.compiler("sign", "--key", self.key(name), *arguments)

    def run(self, *arguments: str | Path, **how: object) -> Answer:
        return self.place.run(REGISTER, ADA, "--json", *arguments, **how)

    def refused(self, *arguments: str | Path) -> str:
        """The code that a run is refused with, before anything ran."""
        answer = self.run("--trust", self.trust, *arguments)
        assert answer.code == 3, answer
        assert self.place.untouched()
        return str(answer.error()["code"])


@pytest.fixture(scope="module")
def adas(tmp_path_factory: pytest.TempPathFactory) -> Signers:
    """To be copied: a trust directory and a key."""
    folder = tmp_path_factory.mktemp("adas")
    found = Signers(Installation(folder / "workspace", folder / "data"), folder)
    found.new("ada")
    return found


@pytest.fixture
def signers(examples: Installation, adas: Signers, tmp_path: Path) -> Signers:
    found = Signers(examples, tmp_path)
    shutil.copytree(adas.trust, found.trust)
    shutil.copy2(adas.key("ada"), found.key("ada"))
    return found


def test_a_snapshot_that_is_signed_runs_where_its_signer_is_trusted(signers: Signers) -> None:
    assert signers.refused() == "Z920"
    signed = signers.sign("ada")
    id = read_key(signers.key("ada")).public.id
    assert (signed.code, signed.out.split()[-1]) == (0, id)
    answer = signers.run("--trust", signers.trust)
    assert (answer.code, answer.json()["kind"]) == (0, "COMPLETED")
    shown = signers.place.runtime("show", answer.json()["trace_id"], "--json").json()
    assert shown["snapshot_keys"] == [id]
    told = signers.place.runtime("show", answer.json()["trace_id"]).out
    assert f"  key      {id} is named by a signature of the snapshot\n" in told


def test_seal_09_each_way_of_not_being_signed_has_its_code_and_nothing_runs(signers: Signers) -> None:
    assert signers.refused() == "Z920"
    signers.new("eve")
    (signers.trust / "keys" / "eve.json").unlink()
    signers.sign("eve")
    assert signers.refused() == "Z922"
    file = signers.place.workspace / "protocol_snapshot" / SIGNATURE
    signers.sign("ada", "--anew")
    members = json.loads(file.read_bytes())
    members["signatures"][0]["sig"] = base64.b64encode(bytes(64)).decode()
    file.write_bytes(json.dumps(members, separators=(",", ":"), sort_keys=True).encode())
    assert signers.refused() == "Z921"
    signers.sign("ada", "--anew")
    assert signers.keys("revoke", "ada", "--reason", "lost").code == 0
    assert signers.refused() == "Z926"


def test_seal_09_the_library_asks_who_is_trusted_as_well(signers: Signers) -> None:
    with pytest.raises(SealBroken) as refused:
        Runtime.open(signers.place.workspace, signers.place.data, trust=signers.trust)
    assert refused.value.code == "Z920"
    assert signers.place.untouched()
    signers.sign("ada")
    Runtime.open(signers.place.workspace, signers.place.data, trust=signers.trust).close()


def test_the_trust_directory_is_that_of_the_option_then_the_environment_then_the_project(signers: Signers) -> None:
    environment = {**ENVIRONMENT, "PGS_TRUST": str(signers.trust)}
    answer = signers.run(environment=environment)
    assert (answer.code, answer.error()["code"]) == (3, "Z920")
    answer = signers.run(environment={**ENVIRONMENT, "PGS_TRUST": ""})
    assert (answer.code, answer.error()["code"]) == (2, "R001")
    answer = signers.run("--trust", signers.folder / "missing")
    assert (answer.code, answer.error()["code"]) == (3, "R113")
    assert signers.place.untouched()
    assert signers.run().code == 0  # nobody asks


def test_every_command_that_moves_runs_asks_who_is_trusted(signers: Signers) -> None:
    run = signers.run()
    id = run.json()["trace_id"]
    for line in (["resume", id], ["resume"], ["cancel", id, "--reason", "x"], ["signal", id, "--event", "EV_X_V0"]):
        answer = signers.place.runtime(*line, "--trust", signers.trust, "--json")
        assert (answer.code, answer.error()["code"]) == (3, "Z920"), line
    document = b'{"blockchain::ST_ACTORS_V0":{}}'
    answer = signers.place.runtime("state", "load", "-", "--trust", signers.trust, "--json", stdin=document)
    assert (answer.code, answer.error()["code"]) == (3, "Z920")


def test_the_folder_that_pgs_yaml_names_is_asked_where_no_other_is(trouble: Installation) -> None:
    signers = Signers(trouble, trouble.workspace)
    signers.new("ada")
    recompile(trouble, trust="trust")
    answer = trouble.run("trouble::WF_BEHAVE_V0", b'{"how":"complete"}', "--json")
    assert (answer.code, answer.error()["code"]) == (3, "Z920")
    assert command("pgs_compiler", ["keys", "list", "--workspace", trouble.workspace]).out.startswith("valid    ada  ")
    assert signers.sign("ada").code == 0
    assert trouble.run("trouble::WF_BEHAVE_V0", b'{"how":"complete"}').code == 0
    assert trouble.compiler("verify").out.splitlines()[1].endswith("  ada, Ada")


def test_seal_05_an_older_version_that_is_signed_is_refused_by_policy_and_by_a_store(signers: Signers) -> None:
    signers.sign("ada")
    name = open_snapshot(signers.place.workspace / "protocol_snapshot").manifest.name
    write_policy(signers.trust, versions={name: 2})
    assert signers.refused() == "Z929"
    write_policy(signers.trust, versions={name: 1})
    assert signers.run("--trust", signers.trust).code == 0


def test_seal_11_one_signature_twice_is_not_two(signers: Signers) -> None:
    write_policy(signers.trust, roles={"snapshot": {**SNAPSHOT, "threshold": 2}})
    signers.sign("ada")
    signers.sign("ada")
    assert signers.refused() == "Z928"
    signers.keys("rotate", "ada-2", "--key", signers.key("ada"), "--out", signers.key("ada-2"))
    signers.sign("ada-2")
    assert signers.refused() == "Z928"
    signers.new("bob")
    signers.sign("bob")
    assert signers.run("--trust", signers.trust).code == 0


def test_seal_12_while_signed_snapshots_are_exchanged_every_run_uses_one_that_is_whole(trouble: Installation) -> None:
    signers = Signers(trouble, trouble.workspace.parent)
    signers.new("ada")
    folder = trouble.workspace / "protocol_snapshot"
    versions = []
    for version in ("1", "2"):
        recompile(trouble, version=version)
        assert signers.sign("ada").code == 0
        versions.append(dict(open_snapshot(folder).files()))
    roots = {json.loads(files["manifest.json"])["root"] for files in versions}
    assert len(roots) == 2
    ended = threading.Event()

    def exchange() -> None:
        while not ended.is_set():
            for files in versions:
                write_snapshot(folder, files)

    writer = threading.Thread(target=exchange)
    writer.start()
    try:
        line = ["--json", "--trust", signers.trust]
        answers = [trouble.run("trouble::WF_BEHAVE_V0", b'{"how":"complete"}', *line) for _ in range(6)]
    finally:
        ended.set()
        writer.join()
    for answer in answers:
        if answer.code == 0:
            trace = next(Path(path) for path in answer.json()["trace"] if path.endswith(".jsonl"))
            assert json.loads(trace.read_bytes().splitlines()[0])["header"]["snapshot"] in roots
        else:  # an older one behind a newer one
            assert (answer.code, answer.error()["code"]) == (3, "R053")
    assert answers[0].code == 0


@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_seal_13_a_key_that_others_can_read_signs_nothing(mode: int, signers: Signers) -> None:
    signers.key("ada").chmod(mode)
    answer = signers.sign("ada")
    assert (answer.code, answer.err.startswith("error[R111]: ")) == (2, True)
    assert f"chmod 600 {signers.key('ada')}" in answer.err
    assert not (signers.place.workspace / "protocol_snapshot" / SIGNATURE).exists()


def test_seal_13_a_private_key_and_its_passphrase_are_in_no_answer_trace_or_store(signers: Signers) -> None:
    word = "correct horse battery"
    environment = {**ENVIRONMENT, "PGS_KEY_PASSPHRASE": word}
    line = ["new", "bob", "--role", "snapshot", "--owner", "Bob", "--out", signers.key("bob")]
    made = signers.keys(*line, environment=environment)
    assert signers.key("bob").read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    without = signers.sign("bob")
    assert (without.code, without.err.startswith("error[R112]: ")) == (2, True)
    wrong = signers.place.compiler(
        "sign", "--key", signers.key("bob"), environment={**ENVIRONMENT, "PGS_KEY_PASSPHRASE": "another"}
    )
    assert (wrong.code, wrong.err.startswith("error[R112]: ")) == (2, True)
    signed = signers.place.compiler("sign", "--key", signers.key("bob"), environment=environment)
    assert signed.code == 0
    signers.sign("ada")
    ran = signers.run("--trust", signers.trust, environment=environment)
    assert ran.code == 0
    secrets = [word.encode(), b"PRIVATE KEY"]
    secrets += [line for name in ("ada", "bob") for line in signers.key(name).read_bytes().splitlines()[1:-1]]
    said = "".join(answer.out + answer.err for answer in (made, without, wrong, signed, ran)).encode()
    kept = [file for file in signers.folder.rglob("*") if file.is_file() and file.suffix != ".pem"]
    for secret in secrets:
        assert secret not in said
        assert not [file for file in kept if secret in file.read_bytes()]


def test_seal_13_no_option_takes_a_key_or_a_passphrase_itself(signers: Signers) -> None:
    secret = signers.key("ada").read_text().splitlines()[1]
    answer = signers.place.compiler("sign", "--key", secret)
    assert (answer.code, answer.err.startswith("error[R110]: ")) == (2, True)
    answer = signers.place.compiler("sign", "--key", signers.key("ada"), "--passphrase", "word")
    assert answer.code == 2
    assert "no such option" in answer.err.lower()


def test_seal_13_a_passphrase_that_is_typed_is_not_shown(signers: Signers) -> None:
    line = [sys.executable, "-I", "-m", "pgs_compiler", "keys", "new", "bob", "--trust", str(signers.trust)]
    line += ["--role", "snapshot", "--owner", "Bob", "--out", str(signers.key("bob")), "--passphrase"]
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, line, {**ENVIRONMENT})  # noqa: S606 a terminal of its own
    seen = b""
    for prompt in (b"New passphrase: ", b"Repeat for confirmation: "):
        while prompt not in seen:
            seen += os.read(terminal, 1024)
        os.write(terminal, b"open sesame\n")
    while True:
        try:
            chunk = os.read(terminal, 1024)
        except OSError:  # its other end is closed
            break
        if not chunk:
            break
        seen += chunk
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    assert status == 0, seen
    assert b"sesame" not in seen
    assert read_key(signers.key("bob"), lambda: b"open sesame").public.id.encode() in seen


def test_seal_15_a_snapshot_that_is_served_for_ever_expires(signers: Signers) -> None:
    signers.sign("ada", "--not-after", "2026-01-01")
    assert signers.refused() == "Z927"
    assert "another last moment" in signers.sign("ada", "--not-after", "2099-01-01").err
    signers.sign("ada", "--anew", "--not-after", "2099-01-01T12:00:00Z")
    assert signers.run("--trust", signers.trust).code == 0


def test_to_compile_keeps_the_signatures_of_what_stays_and_takes_away_those_of_what_goes(trouble: Installation) -> None:
    signers = Signers(trouble, trouble.workspace.parent)
    signers.new("ada")
    file = trouble.workspace / "protocol_snapshot" / SIGNATURE
    trouble.compiler("compile")
    signers.sign("ada")
    before = file.read_bytes()
    for _ in range(2):
        assert trouble.compiler("compile").code == 0
        assert file.read_bytes() == before
    signers.new("bob")
    signers.sign("bob")
    assert len(read_envelope(file.read_bytes()).signatures) == 2
    project = trouble.workspace / "pgs.yaml"
    text = project.read_text(encoding="utf-8")
    project.write_text(re.sub(r"^version: .*$", "version: 77", text, flags=re.MULTILINE), encoding="utf-8")
    assert trouble.compiler("compile").code == 0
    assert not file.exists()
    file.write_bytes(before)  # of what was
    assert trouble.compiler("verify").code == 3
    assert trouble.compiler("compile").code == 0
    assert not file.exists()


def test_a_signature_is_added_only_to_a_statement_over_this_snapshot(signers: Signers) -> None:
    file = signers.place.workspace / "protocol_snapshot" / SIGNATURE
    file.write_bytes(b"{}")
    answer = signers.sign("ada")
    assert (answer.code, "--anew" in answer.err, file.read_bytes()) == (2, True, b"{}")
    assert signers.sign("ada", "--anew").code == 0
    assert signers.run("--trust", signers.trust).code == 0


def test_no_signature_is_added_that_nobody_would_read(signers: Signers) -> None:
    place = signers.place.workspace / "protocol_snapshot"
    keys = [key_of_seed(number.to_bytes(32, "big")) for number in range(MAX_SIGNATURES)]

    def all_of(sealed: Sealed) -> bytes:
        envelope = statement_of(sealed.manifest)
        for key in keys:
            envelope = envelope.signed(key)
        return written(envelope)

    put_signature(place, all_of)
    before = (place / SIGNATURE).read_bytes()
    answer = signers.sign("ada")
    assert (answer.code, "There are 32 signatures, and no more are read." in answer.err) == (2, True), answer
    assert (place / SIGNATURE).read_bytes() == before
    assert signers.sign("ada", "--anew").code == 0
    assert signers.run("--trust", signers.trust).code == 0


def test_keys_are_followed_ended_and_listed(signers: Signers) -> None:
    signers.sign("ada")
    followed = signers.keys("rotate", "ada-2", "--key", signers.key("ada"), "--out", signers.key("ada-2"))
    assert followed.out.endswith("  ada-2, vouched for by ada\n")
    elsewhere = Signers(signers.place, signers.folder / "elsewhere")
    elsewhere.folder.mkdir()
    elsewhere.keys(
        *("new", "ada", "--role", "snapshot", "--owner", "Ada", "--since", "2020-01-01"),
        *("--public", read_key(signers.key("ada")).public.text),
    )
    signers.sign("ada-2", "--anew")
    assert elsewhere.refused() == "Z922"
    (statement,) = (signers.trust / "rotations").iterdir()
    (elsewhere.trust / "rotations" / statement.name).write_bytes(statement.read_bytes())
    assert elsewhere.place.compiler("verify", "--trust", elsewhere.trust).code == 0
    assert elsewhere.keys("revoke", "ada", "--reason", "stolen", "--by", "Bob").code == 2  # which of the two?
    id = read_key(signers.key("ada")).public.id
    assert elsewhere.keys("revoke", id, "--reason", "stolen", "--by", "Bob").code == 0
    assert elsewhere.refused() == "Z922"
    assert signers.run("--trust", signers.trust).code == 0
    listed = json.loads(elsewhere.keys("list", "--format", "json").out)
    assert [(key["name"], key["standing"]) for key in listed] == [("ada", "revoked")]
    refused = elsewhere.keys("rotate", "x", "--key", signers.key("ada"), "--out", elsewhere.key("x"))
    assert (refused.code, "was revoked" in refused.err, elsewhere.key("x").exists()) == (2, True, False)


def test_a_new_key_is_held_by_whoever_makes_it_unless_somebody_else_is_named(signers: Signers) -> None:
    assert signers.keys("new", "mine", "--role", "snapshot", "--out", signers.key("mine")).code == 0
    listed = {key["name"]: key["owner"] for key in json.loads(signers.keys("list", "--format", "json").out)}
    assert listed == {"ada": "Ada", "mine": getpass.getuser()}


def test_a_key_that_ends_later_is_not_said_to_have_ended(signers: Signers) -> None:
    told = signers.keys("revoke", "ada", "--reason", "she leaves", "--since", "2999-01-01")
    assert told.out.endswith("  ada is revoked from 2999-01-01T00:00:00Z on, and counts until then\n")
    listed = signers.keys("list").out
    assert (listed.split()[0], "to no end, revoked as of 2999-01-01T00:00:00Z" in listed) == ("valid", True)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["new", "ada", "--role", "snapshot", "--owner", "X", "--out", "OUT"], "stands there already"),
        (["new", "a/b", "--role", "snapshot", "--owner", "X", "--out", "OUT"], "has a name that no key has"),
        (["new", "bob", "--role", "root", "--owner", "X", "--out", "OUT"], "error: `--role`: `root` is not one of"),
        (["new", "bob", "--owner", "X"], "error: `--role` is missing.\n  hint: Type `pgs_compiler keys new --help`."),
        (["new", "bob", "--role", "snapshot", "--owner", "X"], "One of `--out`"),
        (["new", "bob", "--role", "snapshot"], "hint: Type `--out ~/bob.pem`, or another file that there is not yet."),
        (["new", "bob", "--role", "snapshot", "--public", "AAAA"], "`--owner` says who holds a key"),
        (["new", "bob", "--role", "snapshot", "--owner", "X", "--public", "AAAA"], "has 3 bytes"),
        (
            ["new", "bob", "--role", "snapshot", "--owner", "X", "--until", "2020-01-01", "--out", "OUT"],
            "its time ends before it begins",
        ),
        (["new", "bob", "--role", "snapshot", "--owner", "X", "--until", "soon", "--out", "OUT"], "neither a day"),
        (["revoke", "ada", "--reason", " "], "A revocation has no reason."),
        (["revoke", "nobody", "--reason", "x"], "By `nobody` there is no key. There are: `ada`."),
    ],
)
def test_a_command_about_keys_that_cannot_be_done_leaves_nothing(
    arguments: list[str], why: str, signers: Signers
) -> None:
    before = sorted(signers.folder.rglob("*"))
    answer = signers.keys(*(str(signers.key("out")) if each == "OUT" else each for each in arguments))
    assert answer.code in (2, 3)
    assert why in answer.err
    assert sorted(signers.folder.rglob("*")) == before


def test_sup_04_another_machine_user_and_path_give_the_same_bytes_or_the_first_difference_is_named(
    trouble: Installation, tmp_path: Path
) -> None:
    far = tmp_path / "far away" / "é"
    far.parent.mkdir()
    trouble.workspace.rename(far)
    place = Installation(far, trouble.data)
    environment = {**ENVIRONMENT, "TZ": "Pacific/Kiritimati", "HOME": str(tmp_path), "LC_ALL": "C"}
    answer = place.compiler("verify", "--rebuild", environment=environment)
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "rebuilt  the declarations give the same bytes")
    source = far / "protocols" / min(path.name for path in (far / "protocols").glob("*.yaml"))
    changed = re.sub(r"^summary: (.)", r"summary: Once \1", source.read_text(encoding="utf-8"), count=1, flags=re.M)
    source.write_text(changed, encoding="utf-8")
    answer = place.compiler("verify", "--rebuild", "--format", "json")
    assert answer.code == 3
    told = json.loads(answer.out)
    assert told["rebuilt"] is False
    found = re.fullmatch(
        r"`([^`]+)` differs from byte (\d+) on \(at `([^`]+)`\): sealed `(.*)`, rebuilt `(.*)`\.", told["differs"]
    )
    assert found is not None, told["differs"]
    sealed = (far / "protocol_snapshot" / found[1]).read_bytes()
    rebuilt = compiled(far)[found[1]]
    index = int(found[2])
    assert sealed[:index] == rebuilt[:index]
    assert sealed[index] != rebuilt[index]
    assert "Once" in found[5]
    assert "Once" not in found[4]
    source.write_text("this: is\nno: declaration\n", encoding="utf-8")
    assert place.compiler("verify", "--rebuild").code == 1


PLANTED = ("json", "yaml", "hashlib", "orjson", "click", "sitecustomize", "usercustomize", "pgs_runtime", "startup")


def planted(folder: Path) -> Mapping[str, str]:
    """Modules that say that they were imported, and variables that point to them."""
    for name in PLANTED:
        (folder / f"{name}.py").write_text(f"open({str(folder / 'imported')!r}, 'a').write({name!r})\n")
    return {**ENVIRONMENT, "PYTHONSTARTUP": str(folder / "startup.py")}


@pytest.mark.parametrize("program", ["pgs_runtime", "pgs_compiler"])
def test_sup_01_nothing_of_the_folder_that_one_stands_in_is_imported(
    program: str, examples: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    environment = planted(folder)
    installed = str(Path(sys.executable).with_name(program))
    line = ["run", "--wf", REGISTER, "--payload", "-", "--data-root", str(examples.data)]
    line = line if program == "pgs_runtime" else ["verify"]
    done = subprocess.run(
        [installed, *line, "--workspace", str(examples.workspace)],
        input=ADA,
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (folder / "imported").exists()


@pytest.mark.parametrize("program", ["pgs_runtime", "pgs_compiler"])
def test_sup_01_an_isolated_start_takes_nothing_from_variables_either(program: str, tmp_path: Path) -> None:
    environment = {**planted(tmp_path), "PYTHONPATH": str(tmp_path), "PYTHONUSERBASE": str(tmp_path)}
    line = [sys.executable, "-I", "-m", program, "--version"]
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "imported").exists()
