"""Commands for the state behind the workflows: state load, ls, get, export."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pgs_runtime import options
from pgs_runtime.commands.surface import data_of, json_file, refuse, reporting, root_of, say, who
from pgs_runtime.faults import Refusal
from pgs_runtime.options import Setting
from pgs_snapshot.visible import visible

_REVEAL = click.option("--reveal", is_flag=True, help="In clear, also what is encrypted because it carries a label.")


@click.group()
def state() -> None:
    """Look after the state behind the workflows."""


@state.command("load")
@click.argument("file", cls=options.Given)
@click.option("--subject", cls=Setting, help="Whom what is labelled in the rows belongs to, for `erase`.")
@options.place
@options.actor
@options.pin
@options.trust
@options.as_json
@reporting
def load(
    file: str,
    subject: str | None,
    workspace: Path | None,
    data_root: Path | None,
    actor: str | None,
    pin: str | None,
    trust: Path | None,
    as_json: bool,
) -> None:
    """Write rows into stores.

    Those of FILE, a JSON object of stores, or nothing of it; - reads standard input. A store's rows are values by key,
    or lists of records by stream. The load leaves a trace like any run.
    """
    from pgs_runtime.examine.export import export
    from pgs_runtime.operate.state import load_state
    from pgs_runtime.runtime import Runtime

    document = json_file(file, size=64 << 20)
    root = root_of(workspace)
    with Runtime.open(root, data_of(root, data_root), pin, address=options.address(), trust=trust) as runtime:
        loaded = load_state(runtime, document, who(runtime.snapshot, actor, ""), subject or "")
        if as_json:
            say(json.dumps({"rows": loaded.rows, "trace_id": loaded.trace_id}, sort_keys=True))
        else:
            for store, rows in sorted(loaded.rows.items()):
                say(f"{rows:>6}  {store}")
            say(f"trace   {loaded.trace_id}")
        try:
            export(runtime, root / "traces", loaded.trace_id, False)
        except Refusal as refused:
            refuse(refused, as_json=False)


@state.command("ls")
@click.argument("name", metavar="[STORE]", required=False, default="", cls=options.Given)
@options.place
@options.as_json
@reporting
def ls(name: str, workspace: Path | None, data_root: Path | None, as_json: bool) -> None:
    """List what the stores hold.

    Each with how much that is; of STORE its keys, or its streams with their lengths.
    """
    from pgs_runtime.examine.stock import Stock

    with Stock.at(data_of(root_of(workspace), data_root), options.address()) as stock:
        if name:
            rows = stock.keys(name)
            text = [f"{size:>6}  {visible(key)}" if size is not None else visible(key) for key, size in rows.items()]
        else:
            rows = stock.stores()
            text = [f"{count:>6}  {visible(held)}" for held, count in rows.items()]
    if as_json:
        say(json.dumps(rows, sort_keys=True))
    elif text:
        say("\n".join(text))


@state.command("get")
@click.argument("name", metavar="STORE")
@click.argument("key")
@_REVEAL
@options.place
@options.as_json
@reporting
def get(name: str, key: str, reveal: bool, workspace: Path | None, data_root: Path | None, as_json: bool) -> None:
    """Print what a key holds.

    The value of KEY in STORE, or the records of the stream KEY, one on a line, as JSON.
    """
    from pgs_runtime.examine.stock import Stock

    with Stock.at(data_of(root_of(workspace), data_root), options.address(), reveal) as stock:
        held = stock.get(name, key)
    if as_json:
        say(json.dumps({"key": key, "store": name, "values": [json.loads(data) for data in held]}, sort_keys=True))
    else:
        say("\n".join(data.decode() for data in held))


@state.command("export")
@click.argument("folder", type=click.Path(path_type=Path), cls=options.Given)
@_REVEAL
@options.place
@options.as_json
@reporting
def export_state(folder: Path, reveal: bool, workspace: Path | None, data_root: Path | None, as_json: bool) -> None:
    """Write out everything that the stores hold.

    To FOLDER: registry/, state/ and events/, with a file for each store. FOLDER is made, and holds nothing
    yet. state.json in it is the whole, as `state load` takes it if it was revealed.
    """
    from pgs_runtime.examine.stock import Stock

    with Stock.at(data_of(root_of(workspace), data_root), options.address(), reveal) as stock:
        written = stock.export(folder)
    if as_json:
        say(json.dumps({"files": [str(path) for path in written]}))
    else:
        for path in written:
            say(visible(str(path)))
