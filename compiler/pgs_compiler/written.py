"""Headers, values and conditions as authors write them: syntax with places, before anything is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_compiler.findings import Place
from pgs_compiler.names import Name
from pgs_compiler.schemas.paths import Path
from pgs_compiler.source import Tree
from pgs_snapshot.model import Operator

# --- values --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A plain word with its place: an outcome, a node, a step, a key."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Header:
    """What every document carries. `place` is that of the name."""

    kind: str
    name: str
    summary: str
    place: Place
    subdomain: str = ""
    owner: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        return self.name.partition("::")[0]


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal scalar, list or object that holds no reference."""

    tree: Tree
    place: Place


@dataclass(frozen=True, slots=True)
class Reference:
    """`$.payload.amount`."""

    path: Path
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class DefaultForm:
    """`{$default: [reference, value]}`."""

    value: Reference
    otherwise: ValueSyntax
    place: Place


@dataclass(frozen=True, slots=True)
class TextForm:
    """`{$text: "{a}/{b}", a: …, b: …}`, split at its placeholders."""

    parts: tuple[str | ValueSyntax, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class EnumForm:
    """`{$enum: EN_TOOL_V0}`: the members of an enumeration."""

    entity: Name
    place: Place


@dataclass(frozen=True, slots=True)
class RecordForm:
    """An object with references inside."""

    members: tuple[Bound, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ListForm:
    """A list with references inside."""

    items: tuple[ValueSyntax, ...]
    place: Place


ValueSyntax: TypeAlias = Constant | Reference | DefaultForm | TextForm | EnumForm | RecordForm | ListForm


@dataclass(frozen=True, slots=True)
class Bound:
    """A value bound to a name."""

    name: Word
    value: ValueSyntax


@dataclass(frozen=True, slots=True)
class Bindings:
    """Values by name.

    Attributes:
        whole: instead of `bound`, the one reference that passes a whole object.
        place: of the list, mapping or reference; of what lacks it where nothing is written.
    """

    bound: tuple[Bound, ...]
    whole: Reference | None
    place: Place
    form: Literal["mapping", "list", "whole", "none"]


# --- conditions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    op: Operator
    operands: tuple[ValueSyntax, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Junction:
    op: Literal["all", "any"]
    conditions: tuple[ConditionSyntax, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Negation:
    condition: ConditionSyntax
    place: Place


ConditionSyntax: TypeAlias = Comparison | Junction | Negation
