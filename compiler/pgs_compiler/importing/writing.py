"""Declarations as files: YAML as an author would write it, the same for the same declarations."""

from __future__ import annotations

import json
import re
import textwrap

from pgs_compiler.scalars import Plain, resolve
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, Tree

WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$ ./()+*=<>;'-]*(?::[A-Za-z0-9_$./-]+|::[A-Za-z0-9_$./-]+)*")
_BLOCKS = frozenset({"nodes", "steps", "outcomes", "fields", "payload", "inputs", "next"})


def written(declarations: list[Mapping], source: str = "") -> str:
    """The text of a file of declarations, with the document that they come from on its first line."""
    head = f"# Published as {source}\n" if source else ""
    return head + "---\n".join("".join(f"{line}\n" for line in _block(each, 0, "")) for each in declarations)


def _block(tree: Mapping, indent: int, _key: str) -> list[str]:
    lines: list[str] = []
    for entry in tree:
        lines += _member(entry, indent)
    return lines


def _member(entry: Entry, indent: int) -> list[str]:
    start = f"{' ' * indent}{scalar(entry.key, flow=False)}:"
    return _behind(start, entry.value, indent, entry.name)


def _behind(start: str, value: Tree, indent: int, key: str) -> list[str]:
    """A value behind its key or dash: on the same line if that reads well, else below."""
    if isinstance(value, Scalar):
        folded = _folded(value, indent + 2, len(start))
        return [f"{start} >-", *folded] if folded else [f"{start} {scalar(value, flow=False)}"]
    line = f"{start} {flow(value)}"
    simple = _height(value) <= (1 if key in _BLOCKS and isinstance(value, Mapping) else 2)
    if _empty(value) or (len(line) <= WIDTH and simple and not (key in ("nodes", "steps") and indent == 0)):
        return [line]
    if isinstance(value, Mapping):
        return [start, *_block(value, indent + 2, key)]
    return [start, *(line for item in value for line in _item(item, indent + 2))]


def _item(item: Tree, indent: int) -> list[str]:
    dash = f"{' ' * indent}-"
    if not isinstance(item, Mapping) or not item.entries:
        return _behind(dash, item, indent, "")
    line = f"{dash} {flow(item)}"
    if len(line) <= WIDTH and _height(item) <= 2:
        return [line]
    first, *rest = _block(item, indent + 2, "")
    return [f"{dash} {first.lstrip()}", *rest]


def flow(tree: Tree) -> str:
    """A tree on one line."""
    if isinstance(tree, Mapping):
        return "{" + ", ".join(f"{scalar(each.key, flow=True)}: {flow(each.value)}" for each in tree) + "}"
    if isinstance(tree, Sequence):
        return "[" + ", ".join(flow(item) for item in tree) + "]"
    return scalar(tree, flow=True)


def scalar(value: Scalar, *, flow: bool) -> str:
    """A scalar, in quotes where without them it would be something else to some reader."""
    content = value.value
    if not isinstance(content, str):
        return json.dumps(content)
    meaning = resolve(content)
    if isinstance(meaning, Plain) and meaning.value == content and _PLAIN.fullmatch(content) and content[-1] != " ":
        return content
    if not flow and _unquoted(content) and isinstance(meaning, Plain) and meaning.value == content:
        return content
    return json.dumps(content, ensure_ascii=False).replace("\x7f", "\\u007f")


def _unquoted(content: str) -> bool:
    """Whether a text needs no quotes where no list or mapping is written on one line."""
    return (
        re.match(r"[A-Za-z$]", content) is not None
        and content.isprintable()
        and not content.endswith((" ", ":"))
        and ": " not in content
        and " #" not in content
    )


def _folded(value: Scalar, indent: int, taken: int) -> list[str]:
    """A long text of words as a block of lines; none for what such a block would change."""
    content = value.value
    if not isinstance(content, str) or taken + len(content) <= WIDTH or not content.isprintable():
        return []
    if content != " ".join(content.split()) or max(len(word) for word in content.split()) > WIDTH - indent:
        return []
    return textwrap.wrap(
        content,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _height(tree: Tree) -> int:
    if isinstance(tree, Mapping):
        return 1 + max((_height(each.value) for each in tree), default=0)
    if isinstance(tree, Sequence):
        return 1 + max((_height(item) for item in tree), default=0)
    return 0


def _empty(tree: Tree) -> bool:
    return (isinstance(tree, Mapping) and not tree.entries) or (isinstance(tree, Sequence) and not tree.items)
