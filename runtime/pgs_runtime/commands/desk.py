"""What every command that moves runs is told: where they are, what may run, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pgs_runtime import options
from pgs_runtime.commands.surface import data_of, reporting, root_of
from pgs_snapshot.frozen import frozen

if TYPE_CHECKING:
    from pgs_runtime.runtime import Runtime
    from pgs_snapshot.snapshot import Snapshot


@frozen
class Desk:
    """The options that these commands share.

    Attributes:
        root: the workspace.
        data: the folder of the state store.
    """

    root: Path
    data: Path
    pin: str | None
    trust: Path | None
    settings: Path | None
    picture: bool
    as_json: bool

    def snapshot(self) -> Snapshot:
        """The workspace's snapshot, verified, and judged by who is trusted."""
        from pgs_runtime.runtime import verified

        return verified(self.root, self.pin, self.trust)

    def judge(self, snapshot: Snapshot) -> Path | None:
        """The trust directory that judges what runs of before began with."""
        from pgs_runtime.runtime import trust_of

        return trust_of(self.root, snapshot, self.trust)

    def found(self) -> Runtime | None:
        """The runtime over the store, if there is one."""
        from pgs_runtime.operate.opening import found

        snapshot = self.snapshot()
        return found(snapshot, self.data, options.address(), self.settings, self.judge(snapshot))

    @contextmanager
    def opened(self, id: str) -> Iterator[Runtime]:
        """The runtime over the store that has a run."""
        from pgs_runtime.trace.lines import no_run

        runtime = self.found()
        if runtime is None:
            raise no_run(id)
        with runtime:
            yield runtime


def at_a_desk(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that move runs, as one `Desk`, and let it report what is refused."""

    @wraps(command)
    def wrapped(workspace: Path | None, data_root: Path | None, **given: object) -> None:
        root = root_of(workspace)
        desk = Desk(
            root=root,
            data=data_of(root, data_root),
            pin=cast("str | None", given.pop("pin")),
            trust=cast("Path | None", given.pop("trust")),
            settings=cast("Path | None", given.pop("settings")),
            picture=bool(given.pop("picture")),
            as_json=bool(given.pop("as_json")),
        )
        command(desk, **given)

    options_of = (options.as_json, options.picture, options.settings, options.trust, options.pin, options.place)
    bundled: Callable[..., None] = reporting(wrapped)
    for option in options_of:
        bundled = option(bundled)
    return bundled
