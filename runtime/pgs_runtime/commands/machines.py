"""Commands for machines: start an instance, send it an event, show where it is, list all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pgs_runtime import options
from pgs_runtime.commands.desk import Desk, at_a_desk
from pgs_runtime.commands.running import answer
from pgs_runtime.commands.surface import SIZE, data_of, json_file, reporting, root_of, say, who
from pgs_runtime.options import Setting
from pgs_snapshot.streams import output_to_error

if TYPE_CHECKING:
    from pgs_runtime.runtime import Runtime

_INSTANCE = click.option("--instance", cls=Setting, required=True, metavar="ID", help="The instance, as you name it.")
_REQUEST = click.option(
    "--request-id",
    cls=Setting,
    envvar="PGS_REQUEST_ID",
    help="The same id gives the same run and its recorded answer.  [PGS_REQUEST_ID]",
)


@click.group()
def machine() -> None:
    """Start instances of machines, send them events, and see where they are."""


@machine.command("start")
@click.argument("name", metavar="MACHINE")
@_INSTANCE
@options.actor
@_REQUEST
@at_a_desk
def start(desk: Desk, name: str, instance: str, actor: str | None, request_id: str | None) -> None:
    """Start an instance of MACHINE, which enters its initial state."""
    from pgs_runtime.runtime import Runtime

    snapshot = desk.snapshot()
    where, judge = options.address(), desk.judge(snapshot)
    with Runtime.over(snapshot, desk.data, address=where, settings=desk.settings, trust=judge) as runtime:
        asks = who(snapshot, actor, runtime.machines.machine(name).name)
        with output_to_error():
            outcome = runtime.machines.start(name, instance, asks, request_id)
        answer(desk, runtime, outcome)


@machine.command("send")
@click.argument("name", metavar="MACHINE")
@_INSTANCE
@click.option("--event", required=True, cls=Setting, help="The event's name.")
@click.option("--payload", cls=Setting, metavar="FILE", help="Its fields: a JSON file; - is stdin.")
@options.actor
@_REQUEST
@at_a_desk
def send(
    desk: Desk,
    name: str,
    instance: str,
    event: str,
    payload: str | None,
    actor: str | None,
    request_id: str | None,
) -> None:
    """Send an event to an instance of MACHINE."""
    from pgs_runtime.runtime import Runtime

    snapshot = desk.snapshot()
    fields = json_file(payload, size=max(SIZE, snapshot.limits().payload_bytes)) if payload else None
    where, judge = options.address(), desk.judge(snapshot)
    with Runtime.over(snapshot, desk.data, address=where, settings=desk.settings, trust=judge) as runtime:
        asks = who(snapshot, actor, runtime.machines.machine(name).name)
        with output_to_error():
            outcome = runtime.machines.send(name, instance, event, asks, fields, request_id)
        answer(desk, runtime, outcome)


@machine.command("show")
@click.argument("name", metavar="MACHINE")
@_INSTANCE
@options.place
@options.pin
@options.trust
@options.as_json
@reporting
def show(
    name: str,
    instance: str,
    workspace: Path | None,
    data_root: Path | None,
    pin: str | None,
    trust: Path | None,
    as_json: bool,
) -> None:
    """Tell where an instance of MACHINE is, since when, what its times are, and its last steps."""
    from pgs_runtime.examine.machines import instance_json, instance_text

    with _opened(workspace, data_root, pin, trust) as runtime:
        told = runtime.machines.instance(name, instance)
        steps = runtime.machines.steps(name, instance)
        now = runtime.ports.clock()
    say(instance_json(told, steps, now) if as_json else instance_text(told, steps, now))


@machine.command("list")
@click.argument("name", metavar="[MACHINE]", required=False, default="", cls=options.Given)
@options.place
@options.pin
@options.trust
@options.as_json
@reporting
def list_machines(
    name: str,
    workspace: Path | None,
    data_root: Path | None,
    pin: str | None,
    trust: Path | None,
    as_json: bool,
) -> None:
    """List the machines with how many instances they have; of MACHINE, the instances with their states."""
    from pgs_runtime.examine.machines import instances_json, instances_text

    with _opened(workspace, data_root, pin, trust) as runtime:
        machines = runtime.machines
        if name:
            found = machines.instances(name)
            say(instances_json(found) if as_json else instances_text(found))
            return
        counts = {each: len(machines.instances(each)) for each in machines.names()}
    if as_json:
        say(json.dumps(counts, sort_keys=True))
    elif counts:
        say("\n".join(f"{count:>6}  {each}" for each, count in counts.items()))


def _opened(workspace: Path | None, data_root: Path | None, pin: str | None, trust: Path | None) -> Runtime:
    """The runtime over what was run, or over nothing; nothing is made."""
    from pgs_runtime.operate.opening import looking
    from pgs_runtime.runtime import verified

    root = root_of(workspace)
    return looking(verified(root, pin, trust), data_of(root, data_root), options.address())
