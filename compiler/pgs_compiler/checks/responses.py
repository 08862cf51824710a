"""What an egress answers: every exit of its workflow, each with a status that says what the exit says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pgs_compiler.declarations import Egress, ResponseSyntax
from pgs_compiler.elaborate.surfaces import Surface
from pgs_compiler.findings import Finding, Related, named
from pgs_snapshot.model import ExitKind
from pgs_snapshot.suggest import nearest

STATUSES: Mapping[ExitKind, range] = MappingProxyType(
    {"COMPLETED": range(200, 300), "DENIED": range(400, 500), "REJECTED": range(400, 500), "FAILED": range(400, 600)}
)
"""The statuses (RFC 9110) that say what an exit of a kind says."""
NO_CONTENT = (204, 205)


def check(egress: Egress, surface: Surface) -> Iterator[Finding]:
    """The responses of an egress against the exits of its workflow."""
    answered = {response.exit.text for response in egress.responses}
    left = sorted(surface.endings.keys() - answered)
    for response in egress.responses:
        name = response.exit.text
        if name in surface.endings:
            yield from _status(response, surface)
            continue
        near = nearest(name, left)
        left = [other for other in left if other != near]
        yield Finding(
            "C694",
            f"`{egress.workflow.text}` has no exit `{name}`.",
            response.exit.place,
            "" if near else f"known: {', '.join(sorted(surface.endings))}",
            hint=f"Write `{near}`." if near else "",
        )
    if left:
        verb = "is an exit" if len(left) == 1 else "are exits"
        yield Finding(
            "C693",
            f"{named(left)} {verb} of `{egress.workflow.text}`, and nothing says what is answered then.",
            egress.responses_place,
            "no response",
            tuple(Related(surface.endings[name].place, f"ends as `{name}`") for name in left[:1]),
        )


def _status(response: ResponseSyntax, surface: Surface) -> Iterator[Finding]:
    name, status = response.exit.text, response.status
    ending = surface.endings[name]
    if status is None or len(ending.kinds) != 1:  # of several kinds another check tells
        return
    (kind,) = ending.kinds
    fitting = STATUSES[kind]
    if status not in fitting:
        yield Finding(
            "C695",
            f"{status} does not say that the run ended {kind}.",
            response.status_place,
            f"{fitting[0]} to {fitting[-1]} would",
            (Related(ending.place, f"`{name}` is {kind}"),),
        )
    elif status in NO_CONTENT and response.body is not None:
        message = f"{status} says that there is no body."
        yield Finding("C695", message, response.status_place, hint="Leave out `body`, or answer with 200.")
