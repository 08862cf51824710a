"""Who acts on a local command line."""

from __future__ import annotations

from pgs_runtime.faults import ExitCode, Refusal, hint_of_unknown
from pgs_runtime.runtime import Actor
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value


def local_actor(snapshot: Snapshot, name: str, attributes: Value, user: str, domain: str) -> Actor:
    """The operating system's user in a role.

    Args:
        name: the actor type, in full or as `domain` would write it; "" for the project's own.
        attributes: of that type; `id` in them stands for another person than the user.
        user: the operating system's name of the user.
        domain: of the workflow.

    Raises:
        Refusal: nobody is named, the snapshot does not know the type, or the id is no text.
    """
    wanted = name or str(snapshot.project().get("actor", ""))
    if not wanted:
        raise Refusal("R017", "Nobody is named to act.", ExitCode.REJECTED, hint="Name one with `--actor`.")
    known = snapshot.names("artifacts/actor")
    candidates = (wanted,) if "::" in wanted else (f"{domain}::{wanted}", f"core::{wanted}")
    found = next((candidate for candidate in candidates if candidate in known), None)
    if found is None:
        raise Refusal(
            "R018",
            f"The snapshot has no actor `{wanted}`.",
            ExitCode.REJECTED,
            hint=hint_of_unknown(wanted, known),
        )
    if not isinstance(attributes, dict):
        raise Refusal("R018", "The attributes of an actor are an object.", ExitCode.REJECTED)
    if "type" in attributes:
        raise Refusal("R018", "`type` is no attribute: `--actor` names the type.", ExitCode.REJECTED, "/type")
    own = {key: value for key, value in attributes.items() if key != "id"}
    id = attributes.get("id", user)
    if not isinstance(id, str) or not id:
        raise Refusal("R018", "The `id` of an actor is a text, and not empty.", ExitCode.REJECTED, "/id")
    return Actor(found, id, own)
