"""settings: what an operator says about the outside, by external side effect: hosts, accounts, what may be reached.

Laws:
* an implementation sees the section under the name of its side effect, and no other;
* a section holds what the implementation's `SETTINGS` declares, a JSON Schema, and nothing else;
* a secret comes from the environment, as `{"env": "NAME"}`, or from a file that only some may read;
* no value of a section is in a message, a trace or a `repr`, and no secret passes for an output: it is no plain string.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from pgs_runtime.faults import ExitCode, Refusal
from pgs_snapshot.defaults import filler
from pgs_snapshot.frozen import frozen
from pgs_snapshot.jsontext import JsonLimits, JsonRefused, read_json
from pgs_snapshot.model import Schema
from pgs_snapshot.problems import problems
from pgs_snapshot.suggest import nearest
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

FILE = "settings.json"
MAX_BYTES = 2**20
NOTHING: Schema = {"type": "object", "additionalProperties": False}
"""What an implementation without `SETTINGS` accepts."""


class Secret(str):
    """A string that does not show itself; `plain` refuses it, so that no capability hands one on by mistake."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret()"


class Section(Mapping[str, Value]):
    """The settings of one side effect."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Section({', '.join(sorted(self._values))})"


class Settings:
    """The sections of one file, or none."""

    def __init__(self, sections: Mapping[str, Value], file: Path | None = None, shared: bool = False) -> None:
        """`shared`: everybody can read the file."""
        self._sections = sections
        self._file = file
        self._shared = shared

    def of(self, side_effect: str, accepted: Schema, environ: Mapping[str, str]) -> Section:
        """What one side effect is given: its section with secrets and defaults filled in.

        Args:
            accepted: what its implementation declares as `SETTINGS`.
            environ: where `{"env": "NAME"}` is looked up.

        Raises:
            Refusal: R068, the section does not fit, or a variable is not set; R069, everybody can read a secret.
        """
        stated = self._sections.get(side_effect, {})
        filled = _Filled(self._where(side_effect), environ).of(stated, accepted, "")
        if filled.readable is not None and self._shared:
            raise Refusal(
                "R069",
                "Everybody on this machine can read a secret in the settings.",
                ExitCode.USAGE,
                self._where(side_effect) + filled.readable,
                f'Type `chmod 600 {self._file}`, or write `{{"env": "NAME"}}` and set that variable.',
            )
        fill = filler(accepted)
        values = fill(filled.value) if fill else filled.value
        for problem in problems(validator(accepted), _bare(values)):
            at, why = str(problem["at"]), str(problem["why"])
            raise Refusal(
                "R068",
                f"The settings of `{side_effect}` do not fit: {f'`{at}` ' if at else 'the section '}{why}.",
                ExitCode.USAGE,
                self._where(side_effect),
                self._hint(side_effect, accepted, at),
            )
        return Section(cast("dict[str, Value]", values))

    def _where(self, side_effect: str) -> str:
        return f"{self._file or FILE}: {side_effect}"

    def _hint(self, side_effect: str, accepted: Schema, at: str) -> str:
        if side_effect not in self._sections:
            near = nearest(side_effect, self._sections)
            return f"Is `{near}` meant for it?" if near else f'Add `"{side_effect}": {{…}}` to {self._file or FILE}.'
        holder = _below(accepted, at.split("/")[1:-1])
        known = sorted(_members(holder))
        last = at.rpartition("/")[2]
        if not known or last in known:
            return ""
        near = nearest(last, known)
        return f"Write `{near}`." if near else f"Known here: {', '.join(known)}."


def accepted_by(implementation: object) -> Schema:
    """What an implementation says that its settings hold: its `SETTINGS`, else nothing."""
    return cast(Schema, getattr(implementation, "SETTINGS", NOTHING))


def no_settings(file: Path | None = None) -> Settings:
    """The settings of who has stated none; `file`: where they would stand."""
    return Settings({}, file)


def read_settings(file: Path) -> Settings:
    """Read a file with settings.

    Raises:
        Refusal: R019, it cannot be read; R067, it is no file, or not an object of sections; R069, everybody can
            write it.
        JsonRefused: it is no JSON, or longer than `MAX_BYTES`.
    """
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:  # a pipe keeps nobody waiting
            status = os.fstat(opened.fileno())
            data = opened.read(MAX_BYTES + 1) if stat.S_ISREG(status.st_mode) else None
    except OSError as error:
        message = f"`{visible(str(file))}` cannot be read: {error.strerror}."
        raise Refusal("R019", message, ExitCode.USAGE) from error
    if data is None:
        raise Refusal("R067", f"`{visible(str(file))}` is no regular file.", ExitCode.USAGE)
    if status.st_mode & stat.S_IWOTH:
        raise Refusal(
            "R069",
            "Everybody on this machine can change the settings.",
            ExitCode.USAGE,
            str(file),
            f"Type `chmod 600 {file}`.",
        )
    sections = _read(file, data)
    if not isinstance(sections, dict) or not all(isinstance(section, dict) for section in sections.values()):
        message = "The settings are an object with one object for each external side effect, by its full name."
        raise Refusal("R067", message, ExitCode.USAGE, str(file))
    return Settings(sections, file, bool(status.st_mode & stat.S_IROTH))


def _read(file: Path, data: bytes) -> Value:
    try:
        return read_json(data, JsonLimits(size=MAX_BYTES))
    except JsonRefused as refused:
        where = refused.pointer or (f":{refused.line}:{refused.column}" if refused.line else "")
        message = f"The settings are no JSON: {refused.why}."
        raise Refusal("R067", message, ExitCode.USAGE, f"{file}{where}") from refused


# --- secrets -------------------------------------------------------------------------------------


@frozen
class _Found:
    """A value with its secrets, and where one stands in the file itself, if any does."""

    value: Value
    readable: str | None


class _Filled:
    """Puts variables of the environment where a string is declared; what is wrong elsewhere is for validation."""

    def __init__(self, where: str, environ: Mapping[str, str]) -> None:
        self._where = where
        self._environ = environ

    def of(self, value: Value, schema: Schema, at: str) -> _Found:
        if schema.get("type") == "string":
            return self._text(value, bool(schema.get("secret")), at)
        if isinstance(value, dict):
            inner = {name: self.of(item, _member(schema, name), f"{at}/{name}") for name, item in value.items()}
            first = next((found.readable for found in inner.values() if found.readable is not None), None)
            return _Found({name: found.value for name, found in inner.items()}, first)
        if isinstance(value, list):
            items = [self.of(item, _member(schema, ""), f"{at}/{index}") for index, item in enumerate(value)]
            first = next((found.readable for found in items if found.readable is not None), None)
            return _Found([found.value for found in items], first)
        return _Found(value, None)

    def _text(self, value: Value, secret: bool, at: str) -> _Found:
        match value:
            case {"env": str(name)} if value == {"env": name}:
                text = self._environ.get(name)
                if not text:
                    message = f"The settings want the variable `{visible(name[:80])}`, which is not set, or empty."
                    raise Refusal("R068", message, ExitCode.USAGE, self._where + at, f"Set `{visible(name[:80])}`.")
                return _Found(Secret(text), None)
            case str() if secret:
                return _Found(Secret(value), at)
        return _Found(value, None)


def _bare(value: Value) -> Value:
    """A copy with secrets as plain strings, which is all that a validator takes."""
    if isinstance(value, dict):
        return {name: _bare(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return str.__str__(value) if isinstance(value, Secret) else value


def _members(schema: Schema) -> Mapping[str, Schema]:
    return cast("Mapping[str, Schema]", schema.get("properties", {}))


def _member(schema: Schema, name: str) -> Schema:
    """The schema of a member or item."""
    for found in (_members(schema).get(name), schema.get("additionalProperties"), schema.get("items")):
        if isinstance(found, Mapping):
            return found
    return {}


def _below(schema: Schema, names: list[str]) -> Schema:
    for name in names:
        schema = _member(schema, name)
    return schema
