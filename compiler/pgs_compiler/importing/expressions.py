"""References, templates and conditions of the dialect in the words of this language."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pgs_compiler.findings import Place
from pgs_compiler.importing.account import Account
from pgs_compiler.importing.draft import Draft
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, Tree
from pgs_compiler.text import shown

TIME = "$.run.time"
_CONDITION = re.compile(r"(\$[^\s=!<>]+)\s*(==|!=|<=|>=|<|>)\s*(\S.*)", re.DOTALL)
_OPERATORS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_LITERALS = {"true": True, "false": False, "null": None}
Reference = Callable[[str, Place], Tree | None]


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one document; `reference` says what a reference becomes, None if nothing."""

    account: Account
    reference: Reference

    def value(self, tree: Tree) -> Tree | None:
        """A value with every reference and template in it; what becomes nothing is left out."""
        if isinstance(tree, Mapping):
            draft = Draft(tree.place)
            for entry in tree:
                self.account.carry(entry)
                draft.add(entry.name, self.value(entry.value), entry.key.place)
            return draft.tree()
        if isinstance(tree, Sequence):
            items = (self.value(item) for item in tree)
            return Sequence(tuple(item for item in items if item is not None), tree.place)
        if isinstance(tree.value, str):
            return self._text(tree, tree.value)
        return tree

    def _text(self, tree: Scalar, text: str) -> Tree | None:
        if text.startswith("$."):
            return self.reference(text, tree.place)
        if text.startswith("{{") and text.endswith("}}") and text[2:-2].strip() == "timestamp":
            return Scalar(TIME, tree.place)
        if "{{" in text:
            self.account.report("I957", f"Nothing expands `{shown(text)}`: it stays the text that it is.", tree.place)
        if text.startswith("$"):
            return Mapping((Entry(Scalar("$literal", tree.place), tree),), tree.place)
        return tree

    def condition(self, tree: Tree) -> Tree | None:
        """`$.a < $.b` as an operator with its operands; None for what it cannot be."""
        text = tree.value if isinstance(tree, Scalar) else None
        match = _CONDITION.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None:
            return None
        left = self.reference(match[1], tree.place)
        right = self._operand(match[3], tree.place)
        if left is None or right is None:
            return None
        draft = Draft(tree.place)
        return draft.add(_OPERATORS[match[2]], Sequence((left, right), tree.place)).tree()

    def _operand(self, text: str, place: Place) -> Tree | None:
        if text.startswith("$."):
            return self.reference(text, place)
        if text in _LITERALS:
            return Scalar(_LITERALS[text], place)
        if re.fullmatch(r"-?[0-9]{1,15}", text):
            return Scalar(int(text), place)
        quoted = re.fullmatch(r"\"([^\"]*)\"|'([^']*)'", text)
        return Scalar(quoted[1] if quoted[1] is not None else quoted[2], place) if quoted else None


def split(reference: str) -> list[str]:
    """`$.results.read.value.a` without its `$`: names, with the brackets behind them."""
    return reference.split(".")[1:]
