"""What a snapshot is made of. `pgs_snapshot.model` gives these classes on, and `pgs_snapshot.seal` says what holds."""

from __future__ import annotations

from collections.abc import Mapping

from pgs_snapshot.frozen import frozen


@frozen
class SealedFile:
    """A file of the snapshot: its path from the snapshot's folder, its size in bytes and its digest."""

    path: str
    size: int
    sha256: str


@frozen
class Implementation:
    """A callable and the modules that it imports, however far.

    `modules`: the first-party ones by name, each with the sha256 of its source, which stands under `sources/`;
    a package's own code is called `package.__init__`. `distributions`: what each third-party import name comes
    from, as `name==version`.
    """

    reference: str
    modules: Mapping[str, str]
    distributions: Mapping[str, str]


@frozen
class Manifest:
    """What a snapshot is made of: every file but the manifest itself, sorted by path.

    `root` is the snapshot's id: the sha256 of the canonical bytes of all other members.
    """

    format: str
    name: str
    version: int
    compiler: str
    files: tuple[SealedFile, ...]
    implementations: tuple[Implementation, ...]
    root: str
