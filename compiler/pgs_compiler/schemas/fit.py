"""Does every value of one schema fit another? Three answers, each one proven.

Laws, for a value that is valid for `source` and has its defaults filled in:
* `FITS`: it is valid for `target`;
* `CANNOT_FIT`: it is not;
* `MAY_FIT`: nothing is said, and the runtime checks the value.

`type`, `properties`, `required`, `items`, `enum`, `const` and `default` are decided. The keywords that bound
a value are decided when `source` states the same bound or a tighter one, or when no number and no length lies between
the bounds of both, and else leave `MAY_FIT`. Labels do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from pgs_compiler.schemas.anatomy import (
    additional_of,
    count_of,
    is_any,
    items_of,
    members_of,
    phrase,
    present_in,
    properties_of,
    required_of,
    types_of,
)
from pgs_compiler.schemas.bounds import LOWER, UPPER, apart, tightest
from pgs_compiler.schemas.literal import listed, shown, stated, value_fits
from pgs_snapshot.defaults import filler
from pgs_snapshot.model import Schema
from pgs_snapshot.suggest import nearest
from pgs_snapshot.values import Value, escape


class Verdict(IntEnum):
    CANNOT_FIT = 0
    MAY_FIT = 1
    FITS = 2


@dataclass(frozen=True, slots=True)
class Fit:
    """An answer; unless it is `FITS`, also why.

    Attributes:
        pointer: where in the value, "" for the whole; `/*` stands for every item or undeclared member.
        clash: what is there and what is wanted, a clause without a full stop.
        hint: what to type where it is written out, or "".
        stranger: whether the pointer leads to a member that is not declared.
    """

    verdict: Verdict
    pointer: str = ""
    clash: str = ""
    hint: str = ""
    stranger: bool = False

    @property
    def reason(self) -> str:
        """The clash with its place, a clause without a full stop."""
        return f"at `{self.pointer}` {self.clash}" if self.pointer else self.clash


FITS = Fit(Verdict.FITS)


def fit(source: Schema, target: Schema) -> Fit:
    """Whether the values of `source` fit `target`; both lowered."""
    if is_any(target):
        return FITS
    if is_any(source):
        return _may(f"anything, where {_wanted(target)} is wanted")
    members = members_of(source)
    if members is not None:
        return _listed(tuple(member for member in members if not value_fits(member, source)), source, target)
    return _any_of([_of_type(name, source, target) for name in types_of(source)])


def fit_value(value: Value, target: Schema) -> Fit:
    """Whether one value fits, which is always decided."""
    return _member(value, target)


def _may(clash: str, pointer: str = "") -> Fit:
    return Fit(Verdict.MAY_FIT, pointer, clash)


def _cannot(clash: str, pointer: str = "") -> Fit:
    return Fit(Verdict.CANNOT_FIT, pointer, clash)


def _at(step: str, found: Fit, least: Verdict = Verdict.CANNOT_FIT) -> Fit:
    """The answer for a part, as seen from the whole, made no worse than `least`."""
    if found.verdict is Verdict.FITS:
        return found
    return replace(found, verdict=max(found.verdict, least), pointer=f"/{step}{found.pointer}")


def _all_of(found: Iterable[Fit]) -> Fit:
    """Every part has to fit: the worst answer counts, the first of several."""
    return min(found, key=lambda fit: fit.verdict, default=FITS)


def _any_of(found: list[Fit]) -> Fit:
    """The value is one of several: only what holds for each of them is certain."""
    worst = _all_of(found)
    if any(other.verdict is not worst.verdict for other in found):
        return replace(worst, verdict=Verdict.MAY_FIT)
    return worst


def _wanted(target: Schema) -> str:
    members = members_of(target)
    return phrase(types_of(target)) if members is None else f"one of {listed(members)}"


def _listed(members: tuple[Value, ...], source: Schema, target: Schema) -> Fit:
    fill = filler(source)
    return _any_of([_member(fill(member) if fill else member, target) for member in members])


def _member(member: Value, target: Schema) -> Fit:
    problems = value_fits(member, target)
    if not problems:
        return FITS
    problem = problems[0]
    clash = f"`{shown(_part(member, problem.pointer))}` {problem.why}"
    to = f"/{escape(problem.stranger)}" if problem.stranger else ""
    return Fit(Verdict.CANNOT_FIT, problem.pointer + to, clash, problem.hint, bool(to))


def _part(value: Value, pointer: str) -> Value:
    """What a JSON Pointer leads to in a value that has it."""
    for step in pointer.split("/")[1:]:
        if isinstance(value, list):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = next(inner for name, inner in value.items() if escape(name) == step)
    return value


def _of_type(name: str, source: Schema, target: Schema) -> Fit:
    """The answer for those values of `source` that are of one type."""
    if name in ("null", "boolean"):
        return _listed((None,) if name == "null" else (False, True), source, target)
    wanted = types_of(target)
    integral = name == "number" and "number" not in wanted and "integer" in wanted
    if name not in wanted and not integral and not (name == "integer" and "number" in wanted):
        return _cannot(f"{phrase([name])}, where {_wanted(target)} is wanted")
    if (members := members_of(target)) is not None:
        common = any(not value_fits(member, source) for member in members)
        clash = f"{phrase([name])}, where {_wanted(target)} is wanted"
        return _may(clash) if common else _cannot(clash)
    if integral:
        return _may("a number, where an integer is wanted")
    if name == "object":
        return _all_of(_object(source, target))
    if name == "array":
        return _all_of([_items(source, target), *_bounds(("minItems", "maxItems"), source, target)])
    if name == "string":
        return _all_of(_bounds(("minLength", "maxLength", "pattern", "format"), source, target))
    return _all_of(_range(name == "integer", source, target))


# --- bounds --------------------------------------------------------------------------------------

_OPPOSITE = {"minLength": "maxLength", "maxLength": "minLength", "minItems": "maxItems", "maxItems": "minItems"}


def _bounds(keywords: tuple[str, ...], source: Schema, target: Schema) -> Iterator[Fit]:
    for keyword in keywords:
        if keyword in target and not _as_tight(keyword, source, target):
            opposite = _OPPOSITE.get(keyword, "")
            own, wanted = count_of(source, opposite), count_of(target, keyword)
            if own is not None and wanted is not None and (own < wanted if keyword[:3] == "min" else own > wanted):
                yield _cannot(f"{stated(opposite, own)}, where {stated(keyword, wanted)} is wanted")
            else:
                yield _may(f"{stated(keyword, target[keyword])} is not stated")


def _as_tight(keyword: str, source: Schema, target: Schema) -> bool:
    if keyword in ("pattern", "format"):
        return source.get(keyword) == target[keyword]
    own, wanted = count_of(source, keyword), count_of(target, keyword) or 0
    if keyword.startswith("min"):
        return (own or 0) >= wanted
    return own is not None and own <= wanted


def _range(integral: bool, source: Schema, target: Schema) -> Iterator[Fit]:
    for names, others in ((LOWER, UPPER), (UPPER, LOWER)):
        own, wanted = tightest(source, names, integral), tightest(target, names, integral)
        if wanted is None or (own is not None and own >= wanted):
            continue
        opposite = tightest(source, others, integral)
        keyword = next(name for name in names if name in target)
        if opposite is not None and apart(wanted, opposite):
            other = next(name for name in others if name in source)
            yield _cannot(f"{stated(other, source[other])}, where {stated(keyword, target[keyword])} is wanted")
        else:
            yield _may(f"{stated(keyword, target[keyword])} is not stated")


# --- containers ----------------------------------------------------------------------------------


def _items(source: Schema, target: Schema) -> Fit:
    if target.get("uniqueItems") is True and source.get("uniqueItems") is not True:
        unique = _may("`uniqueItems: true` is not stated")
    else:
        unique = FITS
    some = count_of(source, "minItems") or count_of(target, "minItems")
    found = _at("*", fit(items_of(source), items_of(target)), Verdict.CANNOT_FIT if some else Verdict.MAY_FIT)
    return _all_of([found, unique])


def _object(source: Schema, target: Schema) -> Iterator[Fit]:
    declared, open_source, open_target = properties_of(source), additional_of(source), additional_of(target)
    wanted, present, required = properties_of(target), present_in(source), required_of(target)
    for name, member in declared.items():
        slot = wanted.get(name, open_target)
        # Where the member can be absent on both sides, leaving it out fits.
        least = Verdict.CANNOT_FIT if name in present or name in required else Verdict.MAY_FIT
        if slot is None:
            near = nearest(name, (wanted.keys() | required) - declared.keys())
            hint = f"Write `{near}`." if near else ""
            yield _at(escape(name), replace(_cannot("not declared in the target"), hint=hint, stranger=True), least)
            continue
        yield _at(escape(name), fit(member, slot), least)
        if name in required and name not in present:
            yield _may("may be absent, and is required", f"/{escape(name)}")
    for name in sorted((wanted.keys() | required) - declared.keys()):
        yield _from_undeclared(name, open_source, wanted.get(name, open_target), name in required)
    if open_source is not None:
        if open_target is None:
            yield _may("members that are not declared in the target", "/*")
        else:
            yield _at("*", fit(open_source, open_target), Verdict.MAY_FIT)


def _from_undeclared(name: str, open_source: Schema | None, slot: Schema | None, required: bool) -> Fit:
    """The answer for a member that the target declares and the source does not."""
    if open_source is None or slot is None:
        return _cannot("absent, and required", f"/{escape(name)}") if required else FITS
    found = _at(escape(name), fit(open_source, slot), Verdict.CANNOT_FIT if required else Verdict.MAY_FIT)
    if required and found.verdict is Verdict.FITS:
        return _may("may be absent, and is required", f"/{escape(name)}")
    return found
