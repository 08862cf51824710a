"""Where a value comes from, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgs_runtime.why.flow import Path, Source, Sources
from pgs_snapshot.values import escape
from pgs_snapshot.visible import visible

_OF_THE_RUN = {"time": "the time of the run", "started": "when the run began", "id": "the id of the run"}


def code(text: str) -> str:
    return f"`{visible(text)}`"


def source_words(sources: Sources) -> str:
    """`amount` of the payload; what is computed is told by all that it is computed from."""
    exact = [source for source in sources if source.exact]
    answers = [source for source in exact if source.kind in ("store", "outside", "signal")]
    if answers:
        return listed([source_word(source) for source in ordered(answers)])
    computed = "" if len(exact) == len(sources) else "computed from "
    return f"{computed}{listed(_grouped(sources))}" if sources else ""


def _grouped(sources: Sources) -> list[str]:
    """Sources in words, the members of one thing together."""
    sent = [source for source in ordered(sources) if source.kind == "payload" and source.path]
    names = list(dict.fromkeys(code(member(source.path)) for source in sent))
    others = [source_word(source) for source in ordered(sources) if source not in sent]
    return [*([f"{listed(names)} of the payload"] if names else []), *others]


def ordered(sources: Iterable[Source]) -> list[Source]:
    return sorted(sources, key=_order)


def _order(source: Source) -> tuple[str, str, str, bool]:
    return source.kind, source.name, member(source.path), source.exact


def source_word(source: Source) -> str:
    """One source in words."""
    of = code(member(source.path))
    match source.kind:
        case "payload":
            return f"{of} of the payload" if source.path else "the payload"
        case "actor":
            return f"{of} of the actor" if source.path else "the actor"
        case "config":
            return f"{of} of the configuration" if source.path else "the configuration"
        case "run":
            return _OF_THE_RUN.get(str(source.path[0]), "the run") if source.path else "the run"
        case "signal":
            return f"what the event {code(source.name)} said"
    return f"what {code(source.name)} answered"


def member(path: Path) -> str:
    """`items[2].amount`."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return steps.removeprefix(".")


def listed(items: Sequence[str]) -> str:
    unique = list(dict.fromkeys(items))
    return unique[0] if len(unique) == 1 else f"{', '.join(unique[:-1])} and {unique[-1]}"


def pointer(path: Path) -> str:
    """A path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{escape(str(step))}" for step in path)
