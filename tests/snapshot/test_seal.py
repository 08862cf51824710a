"""A snapshot is what was sealed, to the bit, or it is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given

from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.codec import encode
from pgs_snapshot.folder import FolderLimits, open_snapshot
from pgs_snapshot.model import Graph, Implementation, SealedFile
from pgs_snapshot.seal import CODES, MANIFEST, SIGNATURE, SOURCES, SealBroken, build_manifest, verify
from pgs_snapshot.snapshot import Snapshot, graph_path
from tests.snapshot.small import MODULES, graph, snapshot
from tests.snapshot.strategies import made, values

GRAPH = "graphs/bank__WF_PAY_V0.json"


def folder_of(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def broken(files: dict[str, bytes], pin: str | None = None) -> SealBroken:
    with pytest.raises(SealBroken) as caught:
        verify(files, pin)
    assert caught.value.code in CODES
    assert caught.value.message.endswith(".")
    return caught.value


def broken_folder(folder: Path, limits: FolderLimits = FolderLimits()) -> SealBroken:  # noqa: B008
    with pytest.raises(SealBroken) as caught:
        open_snapshot(folder, limits)
    return caught.value


def resealed(files: dict[str, bytes], /, **members: object) -> dict[str, bytes]:
    """The files under a manifest with other members, and a root that fits them."""
    manifest = json.loads(files[MANIFEST]) | members
    del manifest["root"]
    manifest["root"] = digest(canonical(manifest))
    return files | {MANIFEST: canonical(manifest)}


def test_an_unchanged_snapshot_opens_and_gives_what_was_sealed(tmp_path: Path) -> None:
    files = snapshot()
    sealed = open_snapshot(folder_of(tmp_path, files), pin=json.loads(files[MANIFEST])["root"])
    assert sealed.root == json.loads(files[MANIFEST])["root"]
    assert {path: sealed.read(path) for path in sealed.paths()} == {
        path: data for path, data in files.items() if path != MANIFEST
    }
    assert sealed.files() == files
    assert Snapshot(sealed).graph("bank::WF_PAY_V0") == graph()
    assert sealed.sources() == MODULES
    assert (sealed.manifest.name, sealed.manifest.version) == ("bank", 1)


def test_a_value_that_is_read_twice_is_not_shared() -> None:
    sealed = verify(snapshot())
    assert sealed.value(GRAPH) == sealed.value(GRAPH) == encode(graph())
    assert sealed.value(GRAPH) is not sealed.value(GRAPH)


def test_the_manifest_lists_files_and_implementations_in_order_whatever_order_they_came_in() -> None:
    files = {f"artifacts/x/{name}.json": canonical(name) for name in ("a", "B", "c_", "c-d")}
    implementations = [Implementation(f"m:{name}", {}, {}) for name in ("b", "a")]
    forth = build_manifest("n", 1, "0", files, implementations)
    back = build_manifest("n", 1, "0", dict(reversed(files.items())), reversed(implementations))
    assert forth == back
    assert json.loads(forth)["files"] == sorted(json.loads(forth)["files"], key=lambda file: file["path"].encode())


def test_seal_01_one_flipped_bit_in_any_byte_of_any_file_is_refused() -> None:
    files = snapshot()
    verify(files)
    accepted = []
    for path, data in files.items():
        for index in range(len(data)):
            flipped = bytearray(data)
            flipped[index] ^= 1 << (index % 8)
            try:
                verify(files | {path: bytes(flipped)})
            except SealBroken:
                continue
            accepted.append((path, index))
    assert accepted == []


def test_seal_01_a_changed_file_is_named_with_what_was_expected_and_found() -> None:
    files = snapshot()
    changed = files[GRAPH].replace(b"done", b"gone")
    refused = broken(files | {GRAPH: changed})
    assert (refused.code, refused.path) == ("Z908", GRAPH)
    assert (refused.expected, refused.found) == (digest(files[GRAPH]), digest(changed))
    assert refused.message == (f"`{GRAPH}` was changed: expected sha256 `{refused.expected}`, found `{refused.found}`.")


@pytest.mark.parametrize("path", ["handlers2.json", "graphs/x.py", "sources/__pycache__/a.pyc", "a\x1b[31m"])
def test_seal_02_an_extra_file_is_named(tmp_path: Path, path: str) -> None:
    refused = broken_folder(folder_of(tmp_path, snapshot() | {path: b"{}"}))
    assert (refused.code, refused.path) == ("Z907", path)
    assert "\x1b" not in refused.message


def test_seal_02_an_extra_folder_is_named_even_when_it_is_empty(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, snapshot())
    (folder / "graphs" / "more").mkdir()
    refused = broken_folder(folder)
    assert (refused.code, refused.message) == (
        "Z907",
        "The folder `graphs/more/` is not part of the snapshot.",
    )


@pytest.mark.parametrize("path", sorted(snapshot().keys() - {MANIFEST}))
def test_seal_03_a_missing_file_is_named(path: str) -> None:
    files = snapshot()
    del files[path]
    refused = broken(files)
    assert (refused.code, refused.path) == ("Z906", path)


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_seal_03_a_truncated_manifest_is_refused(length: int) -> None:
    files = snapshot()
    assert broken(files | {MANIFEST: files[MANIFEST][:length]}).code == "Z909"


@pytest.mark.parametrize(
    ("manifest", "code"),
    [(b"{}", "Z903"), (b"[]", "Z902"), (b"null", "Z902"), (b'{"format":"pgs-snapshot/1"}', "Z902")],
)
def test_seal_03_an_empty_manifest_is_refused(manifest: bytes, code: str) -> None:
    assert broken({MANIFEST: manifest}).code == code


def test_seal_03_a_manifest_that_lists_nothing_leaves_every_file_extra() -> None:
    assert broken(resealed(snapshot(), files=[], implementations=[])).code == "Z907"


def test_seal_03_a_folder_without_a_manifest_is_no_snapshot(tmp_path: Path) -> None:
    assert broken_folder(tmp_path).code == "Z901"
    assert broken_folder(tmp_path / "nowhere").code == "Z901"


def test_seal_04_a_file_of_another_sealed_build_is_refused() -> None:
    one, two = snapshot(1), snapshot(2)
    assert broken(one | {GRAPH: two[GRAPH]}).code == "Z908"
    assert broken(one | {MANIFEST: two[MANIFEST]}).code == "Z908"


def test_seal_04_a_resealed_snapshot_is_refused_by_a_pin() -> None:
    files = snapshot()
    pin = verify(files).root
    other = snapshot(2)
    refused = broken(other, pin)
    assert (refused.code, refused.expected, refused.found) == ("Z905", pin, verify(other).root)


def test_a_root_that_does_not_fit_is_refused() -> None:
    files = snapshot()
    manifest = json.loads(files[MANIFEST]) | {"root": "0" * 64}
    assert broken(files | {MANIFEST: canonical(manifest)}).code == "Z904"


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda value: json.dumps(value, indent=2).encode(),
        lambda value: json.dumps(value, separators=(",", ":"), sort_keys=False).encode() + b"\n",
        lambda value: json.dumps(value, sort_keys=True).encode(),
        lambda value: canonical(value).replace(b":1", b":1.0"),
        lambda value: canonical(value).replace(b"a", b"\\u0061"),
        lambda value: b"\xef\xbb\xbf" + canonical(value),
    ],
)
@pytest.mark.parametrize("path", [MANIFEST, GRAPH])
def test_seal_06_the_same_value_in_other_bytes_is_refused(path: str, rewritten: object) -> None:
    files = snapshot()
    data = rewritten(json.loads(files[path]))  # type: ignore[operator]
    assert data != files[path]
    assert broken(files | {path: data}).code == ("Z909" if path == MANIFEST else "Z908")


@pytest.mark.parametrize(
    "data",
    [b'{"a": 1}', b'{"b":1,"a":1}', b'{"a":1,"a":1}', b"9007199254740993", b"1.0", b'"\\u0000"', b"", b"NaN",
     b"[" * 300 + b"]" * 300, b"[" * 5000, b'"\xff"', b'"\\ud800"'],
)  # fmt: skip
def test_seal_06_a_file_that_is_not_canonical_json_is_refused_under_a_fitting_digest(data: bytes) -> None:
    files = snapshot()
    del files[MANIFEST]
    files["proofs.json"] = data
    refused = broken(files | {MANIFEST: build_manifest("bank", 1, "0", files, [])})
    assert (refused.code, refused.path) == ("Z909", "proofs.json")


@given(values)
def test_every_canonical_value_is_accepted(value: object) -> None:
    files = {"index.json": canonical(value)}  # type: ignore[arg-type]
    assert verify(files | {MANIFEST: build_manifest("n", 1, "0", files, [])}).value("index.json") == value


def test_the_text_of_a_nul_escape_is_no_nul() -> None:
    files = {"index.json": canonical({"pattern": "[^\\u0000]"})}
    assert verify(files | {MANIFEST: build_manifest("n", 1, "0", files, [])})


@pytest.mark.parametrize("domain", ["a", "a_", "a__b", "a__b__", "a___b"])
@pytest.mark.parametrize("code", ["WF_PAY_V0", "WF_PAY__WF_V0"])
def test_a_name_can_be_told_from_its_path_whatever_underscores_it_has(domain: str, code: str) -> None:
    files = {graph_path(f"{domain}::{code}"): canonical(encode(graph()))}
    opened = Snapshot(verify(files | {MANIFEST: build_manifest("n", 1, "0", files, [])}))
    assert opened.workflows() == (f"{domain}::{code}",)


@given(made(Graph))
def test_whatever_graph_is_sealed_comes_back(sealed: Graph) -> None:
    files = {GRAPH: canonical(encode(sealed))}
    again = Snapshot(verify(files | {MANIFEST: build_manifest("n", 1, "0", files, [])}))
    assert again.graph("bank::WF_PAY_V0") == sealed


@pytest.mark.parametrize("algorithm", ["sha1", "md5", "none", "blake3", "sha256"])
def test_seal_14_a_manifest_cannot_name_an_algorithm(algorithm: str) -> None:
    assert broken(resealed(snapshot(), algorithm=algorithm)).code == "Z902"


@pytest.mark.parametrize("algorithm", ["sha1", "md5", "none", "blake3"])
def test_seal_14_a_file_cannot_be_listed_under_another_algorithm(algorithm: str) -> None:
    file = {"path": "index.json", "size": 2, algorithm: digest(b"{}")}
    refused = broken(resealed({"index.json": b"{}", MANIFEST: snapshot()[MANIFEST]}, files=[file]))
    assert refused.code == "Z902"


@pytest.mark.parametrize("found", ["pgs-snapshot/2", "pgs-snapshot/1 ", "", None, 1, ["pgs-snapshot/1"]])
def test_seal_14_another_format_is_refused(found: object) -> None:
    refused = broken(resealed(snapshot(), format=found))
    assert (refused.code, refused.expected) == ("Z903", "pgs-snapshot/1")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        "",
        ".hidden",
        "a\\b",
        "a b",
        "A\u0308",
        "a\n",
        MANIFEST,
        SIGNATURE,
    ],
)
def test_a_manifest_lists_only_paths_within_the_folder(path: str) -> None:
    listed = [encode(SealedFile(path, 2, digest(b"{}")))]
    assert broken(resealed(snapshot(), files=listed, implementations=[])).code == "Z902"
    with pytest.raises(SealBroken):
        build_manifest("n", 1, "0", {path: b"{}"}, [])


def test_a_file_that_is_listed_twice_or_out_of_order_is_refused() -> None:
    files = snapshot()
    listed = json.loads(files[MANIFEST])["files"]
    assert broken(resealed(files, files=[*listed, listed[-1]])).code == "Z902"
    assert broken(resealed(files, files=listed[::-1])).code == "Z902"


def test_a_source_is_named_by_its_digest() -> None:
    with pytest.raises(SealBroken) as caught:
        build_manifest("n", 1, "0", {f"{SOURCES}{'0' * 64}": b"x = 1\n"}, [])
    assert caught.value.code == "Z902"


def test_an_implementation_runs_only_sources_that_are_sealed() -> None:
    missing = Implementation("bank.fees:fee", {"bank.fees": digest(b"")}, {})
    with pytest.raises(SealBroken) as caught:
        build_manifest("n", 1, "0", {"index.json": b"{}"}, [missing])
    assert caught.value.message == "The source of `bank.fees`, which `bank.fees:fee` runs, is not in the snapshot."


def test_a_module_has_one_source_in_a_snapshot() -> None:
    sources = {SOURCES + digest(data): data for data in (b"a = 1\n", b"a = 2\n")}
    used = [
        Implementation(f"bank.fees:{i}", {"bank": path.removeprefix(SOURCES)}, {}) for i, path in enumerate(sources)
    ]
    with pytest.raises(SealBroken) as caught:
        build_manifest("n", 1, "0", sources, used)
    assert caught.value.code == "Z902"


def test_seal_02_signatures_are_the_one_file_that_is_not_listed() -> None:
    sealed = verify(snapshot() | {SIGNATURE: b"whatever: it is judged by who trusts somebody"})
    assert sealed.signature == b"whatever: it is judged by who trusts somebody"
    assert SIGNATURE not in sealed.paths()
    assert sealed.root == verify(snapshot()).root
    assert verify(snapshot()).signature is None
    listed = snapshot(extra={"more.json": b"{}"})
    assert broken(resealed(listed, files=[{"path": SIGNATURE, "sha256": "0" * 64, "size": 1}])).code == "Z902"


# --- the folder ----------------------------------------------------------------------------------


def test_path_02_a_symbolic_link_to_a_snapshot_is_refused(tmp_path: Path) -> None:
    folder_of(tmp_path / "real", snapshot())
    (tmp_path / "link").symlink_to("real")
    assert broken_folder(tmp_path / "link").code == "Z910"


@pytest.mark.parametrize("path", [MANIFEST, GRAPH])
def test_path_02_a_symbolic_link_in_place_of_a_file_is_refused(tmp_path: Path, path: str) -> None:
    folder = folder_of(tmp_path / "snapshot", snapshot())
    (folder / path).rename(tmp_path / "elsewhere")
    (folder / path).symlink_to(tmp_path / "elsewhere")
    refused = broken_folder(folder)
    assert (refused.code, refused.path) == ("Z910", path)


def test_path_02_a_symbolic_link_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "snapshot", snapshot())
    (folder / "graphs").rename(tmp_path / "elsewhere")
    (folder / "graphs").symlink_to(tmp_path / "elsewhere")
    assert broken_folder(folder).path == "graphs"


def test_a_pipe_in_place_of_a_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, snapshot())
    (folder / GRAPH).unlink()
    os.mkfifo(folder / GRAPH)
    refused = broken_folder(folder)
    assert (refused.code, refused.path) == ("Z910", GRAPH)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "snapshot").write_bytes(b"")
    assert broken_folder(tmp_path / "snapshot").code == "Z910"


@pytest.mark.parametrize(
    "limits",
    [FolderLimits(file_size=300), FolderLimits(total_size=700), FolderLimits(files=3), FolderLimits(depth=0)],
)
def test_nothing_is_read_beyond_the_limits(tmp_path: Path, limits: FolderLimits) -> None:
    assert broken_folder(folder_of(tmp_path, snapshot()), limits).code == "Z911"


def test_a_sparse_file_of_a_terabyte_is_refused_by_its_size(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, snapshot())
    os.truncate(folder / GRAPH, 1 << 40)
    refused = broken_folder(folder)
    assert (refused.code, refused.path) == ("Z911", GRAPH)
