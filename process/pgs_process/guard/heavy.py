"""Heavy values: passed by reference and outside of the transaction, but not open to writing because
they may be read."""

from __future__ import annotations

from pgs_process.grants import Grant
from pgs_process.guard.core import Core
from pgs_process.kinds import Kind, kind_of


def heavy_view(core: Core, value: object, name: str, grant: Grant) -> object:
    """What a body is handed for a heavy value: itself as an output; as an input, something that refuses to be written.

    Raises:
        ContractViolationError: nothing is known of its type that could be read-only.
    """
    path = (*core.path, name)
    if grant.writes:
        return value
    if kind_of(type(value)) is not Kind.OPAQUE:
        return core.frame.wrap_part(value, None, name, grant, path)
    if is_array(value):
        return read_only_view(value)
    try:
        return memoryview(value).toreadonly()  # type: ignore[arg-type]  # where it is none, TypeError says so
    except TypeError:
        raise core.frame.refuse(
            f"A `{type(value).__name__}` cannot be handed out read-only; declare `{core.path[0]}.{name}` as an output.",
            path,
        ) from None


def is_array(value: object) -> bool:
    """Whether a value has views that can be read-only, as numpy's arrays have."""
    return hasattr(value, "view") and hasattr(value, "setflags")


def read_only_view(value: object) -> object:
    """A view of an array, of its own type, that refuses to be written."""
    view: object = value.view()  # type: ignore[attr-defined]  # `is_array` has looked
    view.setflags(write=False)  # type: ignore[attr-defined]
    return view
