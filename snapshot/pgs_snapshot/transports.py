"""What a snapshot says of transports: how a request becomes a payload, and how the end of a run is answered.

Laws:
* a route belongs to one ingress, and so does the name of a tool;
* an egress has a response for every exit that its workflow can end at, and no other;
* the actor is whoever the transport has authenticated, as `actor`: nothing of a request says who it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import ExitKind, Expr, Schema

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@frozen
class Route:
    """A request of HTTP. `path` is a template: `/payments/{payer_account}`.

    Of several routes that a request fits, the one counts that first has a written part where the others have a name.
    """

    method: Method
    path: str


@frozen
class Tool:
    """A tool of the Model Context Protocol."""

    name: str
    description: str


@frozen
class Ingress:
    """How a request becomes the payload of a workflow. The slot of `payload` and `request_id` is `request`.

    `request` is a closed object of what comes in: `path`, `query`, `headers` and `body` by HTTP, `arguments` of a tool.
    A request that does not fit it starts no run; whether the payload is admitted, the workflow's intent decides.
    One of `http` and `mcp` is there.
    """

    name: str
    summary: str
    workflow: str
    egress: str
    actor: str
    http: Route | None
    mcp: Tool | None
    request: Schema
    payload: Mapping[str, Expr]  # without what the intent fills in by default
    request_id: Expr | None
    at: str


@frozen
class Response:
    """What is answered when a run ends at an exit of one name. The slots of `body`: `result`, `exit`, `run`.

    `status` is for HTTP. Without a `body` there is none; `body_schema` describes it, with the labels that came along.
    """

    kind: ExitKind
    status: int | None
    body: Mapping[str, Expr] | None
    body_schema: Schema | None


@frozen
class Egress:
    """How the end of a run is answered, by the exit's name. `clears`: the labels that may be in a body."""

    name: str
    summary: str
    workflow: str
    responses: Mapping[str, Response]
    clears: tuple[str, ...]
    at: str
