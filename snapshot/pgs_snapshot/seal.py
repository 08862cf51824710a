"""The seal of a snapshot: one digest over every file, and the check that nothing but those files is there.

Laws:
* the files are those that the manifest lists, each with the size and digest listed, and signatures over it; no others;
* `root` is a digest over the whole manifest, so over every byte of every file;
* each JSON text is canonical (RFC 8785), so a snapshot has one form;
* the format names its one digest algorithm; a manifest cannot choose another.

A digest shows accidents. Someone who can write the whole folder can seal it again: against that stands a pin
of `root`, or a signature, which is carried here and judged by `endorsed`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import orjson

from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.codec import CodecRefused, decode, encode
from pgs_snapshot.model import Implementation, Manifest, SealedFile
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

FORMAT = "pgs-snapshot/1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.dsse.json"
MAX_SIGNATURE = 64 << 10
SOURCES = "sources/"

CODES: Mapping[str, str] = MappingProxyType(
    {
        "Z901": "no-snapshot",
        "Z902": "manifest",
        "Z903": "format",
        "Z904": "root",
        "Z905": "pin",
        "Z906": "missing-file",
        "Z907": "extra-file",
        "Z908": "changed-file",
        "Z909": "not-canonical",
        "Z910": "not-a-file",
        "Z911": "too-large",
        "Z912": "changed-implementation",
        "Z913": "not-sealed",
        "Z914": "distribution",
        "Z920": "signature-missing",
        "Z921": "signature-broken",
        "Z922": "signature-untrusted",
        "Z923": "signature-type",
        "Z924": "signature-subject",
        "Z925": "key-time",
        "Z926": "key-revoked",
        "Z927": "statement-expired",
        "Z928": "threshold",
        "Z929": "version",
    }
)
"""Every way in which a seal can be broken: a stable code and its name."""

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}"
_PATH = re.compile(rf"{_PART}(?:/{_PART}){{0,5}}")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # the escape, and not the text of one behind a backslash


class SealBroken(Exception):
    """A snapshot is not what was sealed, so nothing of it runs.

    Attributes:
        code: a key of `CODES`.
        message: one sentence, names in backticks.
        path: the file that it is about, "" for the whole snapshot.
        expected, found: what should be there and what is, "" where there is nothing to compare.
    """

    def __init__(self, code: str, message: str, path: str = "", expected: str = "", found: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Sealed:
    """A verified snapshot, in memory. Its paths are sorted; an unknown one is a `KeyError`."""

    manifest: Manifest
    _files: Mapping[str, bytes]

    @property
    def root(self) -> str:
        """The snapshot's id."""
        return self.manifest.root

    def files(self) -> Mapping[str, bytes]:
        """The verified bytes of every file by path, the manifest and the signatures among them."""
        return self._files

    @property
    def signature(self) -> bytes | None:
        """The envelope with signatures, if there is one: not judged, and no part of what is verified."""
        return self._files.get(SIGNATURE)

    def paths(self) -> tuple[str, ...]:
        """The paths that the manifest lists."""
        return tuple(file.path for file in self.manifest.files)

    def read(self, path: str) -> bytes:
        """The verified bytes of a file."""
        return self._files[path]

    def value(self, path: str) -> Value:
        """The value that a JSON file holds, a fresh one at each call."""
        return cast(Value, orjson.loads(self._files[path]))

    def sources(self) -> Mapping[str, bytes]:
        """The source of each first-party module that an implementation runs, by module name."""
        digests = {name: found for item in self.manifest.implementations for name, found in item.modules.items()}
        return {name: self._files[SOURCES + digests[name]] for name in sorted(digests)}


def build_manifest(
    name: str,
    version: int,
    compiler: str,
    files: Mapping[str, bytes],
    implementations: Iterable[Implementation],
) -> bytes:
    """The bytes of `manifest.json` for these files.

    Raises:
        SealBroken: `verify` would refuse the snapshot for its paths or its sources.
    """
    listed = tuple(SealedFile(path, len(files[path]), digest(files[path])) for path in sorted(files))
    by_reference = tuple(sorted(implementations, key=lambda item: item.reference))
    manifest = Manifest(FORMAT, name, version, compiler, listed, by_reference, "")
    _check_contents(manifest)
    members = cast("dict[str, Value]", encode(manifest))
    return canonical(members | {"root": _root(members)})


def verify(files: Mapping[str, bytes], pin: str | None = None) -> Sealed:
    """Check that these files, the manifest among them, are a whole and unchanged snapshot.

    Args:
        files: bytes by path, perhaps with signatures.
        pin: the root that it must have, or None for any.

    Raises:
        SealBroken: they are not.
    """
    if MANIFEST not in files:
        raise SealBroken("Z901", f"There is no `{MANIFEST}`, so this is no snapshot.", MANIFEST)
    manifest = read_manifest(files[MANIFEST])
    if pin is not None and manifest.root != pin:
        message = f"The snapshot is another than the pinned one: expected `{pin}`, found `{manifest.root}`."
        raise SealBroken("Z905", message, MANIFEST, pin, manifest.root)
    extra = files.keys() - {file.path for file in manifest.files} - {MANIFEST, SIGNATURE}
    if extra:
        raise SealBroken("Z907", f"`{visible(min(extra))}` is not part of the snapshot.", min(extra))
    if len(files.get(SIGNATURE, b"")) > MAX_SIGNATURE:
        raise SealBroken("Z911", f"`{SIGNATURE}` is larger than {MAX_SIGNATURE:,} bytes.", SIGNATURE)
    for file in manifest.files:
        _check_file(file, files.get(file.path))
    for path in (file.path for file in manifest.files if file.path.endswith(".json")):
        _parse(path, files[path])
    return Sealed(manifest, MappingProxyType({path: files[path] for path in sorted(files)}))


def read_manifest(data: bytes) -> Manifest:
    """The manifest that these bytes are.

    Raises:
        SealBroken: they are not canonical, of another format, changed, or list what no compiler lists.
    """
    members = _parse(MANIFEST, data)
    if not isinstance(members, dict):
        raise SealBroken("Z902", f"`{MANIFEST}` holds no object.", MANIFEST)
    found = visible(str(members.get("format"))[:40])
    if found != FORMAT:
        message = f"`{MANIFEST}` has another format than this version reads: expected `{FORMAT}`, found `{found}`."
        raise SealBroken("Z903", message, MANIFEST, FORMAT, found)
    try:
        manifest = decode(Manifest, members)
    except CodecRefused as refused:
        message = f"`{MANIFEST}` is no manifest: `{refused.pointer or '/'}` {refused.why}."
        raise SealBroken("Z902", message, MANIFEST) from refused
    root = _root(members)
    if root != manifest.root:
        message = f"`{MANIFEST}` was changed: its root is `{manifest.root}`, and what it lists gives `{root}`."
        raise SealBroken("Z904", message, MANIFEST, manifest.root, root)
    _check_contents(manifest)
    return manifest


def _root(members: Mapping[str, Value]) -> str:
    return digest(canonical({name: member for name, member in members.items() if name != "root"}))


def _check_contents(manifest: Manifest) -> None:
    """Refuse lists that no compiler writes, so that whoever reads a manifest can rely on them."""
    paths = [file.path for file in manifest.files]
    if paths != sorted(set(paths)):
        raise SealBroken("Z902", f"The files that `{MANIFEST}` lists are not sorted, or one stands twice.", MANIFEST)
    for file in manifest.files:
        if not _PATH.fullmatch(file.path) or file.path in (MANIFEST, SIGNATURE):
            raise SealBroken("Z902", f"`{visible(file.path)}` is no path that a snapshot can list.", file.path)
        if file.path.startswith(SOURCES) and file.path != SOURCES + file.sha256:
            message = f"`{file.path}` is not named by its sha256, `{file.sha256}`."
            raise SealBroken("Z902", message, file.path, SOURCES + file.sha256, file.path)
    sources = {path.removeprefix(SOURCES) for path in paths if path.startswith(SOURCES)}
    digests: dict[str, str] = {}
    for item in manifest.implementations:
        for module, found in item.modules.items():
            if found not in sources:
                message = f"The source of `{module}`, which `{item.reference}` runs, is not in the snapshot."
                raise SealBroken("Z902", message, SOURCES + found)
            if digests.setdefault(module, found) != found:
                raise SealBroken("Z902", f"`{MANIFEST}` lists two sources of `{module}`.", MANIFEST)


def _check_file(file: SealedFile, data: bytes | None) -> None:
    if data is None:
        raise SealBroken("Z906", f"`{file.path}` is missing from the snapshot.", file.path, file.sha256)
    found = digest(data)
    if found != file.sha256 or len(data) != file.size:
        message = f"`{file.path}` was changed: expected sha256 `{file.sha256}`, found `{found}`."
        raise SealBroken("Z908", message, file.path, file.sha256, found)


def _parse(path: str, data: bytes) -> Value:
    """The value of a JSON text of the domain in its canonical form."""
    try:
        value = cast(Value, orjson.loads(data))
        orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
        if b"\\u0000" in data and _NUL.search(data):
            why = "it holds a NUL"
        elif canonical(value) != data:
            why = "it is written in another form"
        else:
            return value
    except orjson.JSONDecodeError:
        why = "it is no JSON"
    except orjson.JSONEncodeError:
        why = "it holds an integer beyond 2^53-1, or nests too deep"
    raise SealBroken("Z909", f"`{path}` is not canonical JSON: {why}.", path)
