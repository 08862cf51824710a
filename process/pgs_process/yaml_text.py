"""YAML as written: every value knows its place, keys are texts, and nothing but `true` and `false` is a boolean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pgs_process.faults import ConfigError
from pgs_process.paths import nearest

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Yaml:
    """A value in a file. `value` is a dict or list of such, or a scalar; `place` and `key_place` are
    file:line:column."""

    value: object
    place: str
    key_place: str = field(default="")

    def mapping(self, known: Iterable[str] | None = None) -> dict[str, Yaml]:
        """The entries of a mapping.

        Raises:
            ConfigError: it is none, or has a key that is not among the known ones.
        """
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise ConfigError(f"{self.place}: Here a mapping is expected.")
        for key, node in self.value.items():
            if known is not None and key not in known:
                meant = nearest(key, known)
                hint = f"; perhaps `{meant}` is meant" if meant else ""
                raise ConfigError(f"{node.key_place}: There is no key `{key}` here{hint}.", rule=key)
        return self.value

    def items(self) -> list[Yaml]:
        """The items of a list.

        Raises:
            ConfigError: it is none.
        """
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise ConfigError(f"{self.place}: Here a list is expected.")
        return self.value

    def text(self) -> str:
        """A text.

        Raises:
            ConfigError: it is none.
        """
        if not isinstance(self.value, str):
            raise ConfigError(f"{self.place}: Here a text is expected.")
        return self.value

    def texts(self) -> list[str]:
        """A list of texts, or one alone."""
        return [self.value] if isinstance(self.value, str) else [item.text() for item in self.items()]

    def plain(self) -> object:
        """The value without its places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read_yaml(path: str | Path) -> Yaml:
    """Read a file.

    Raises:
        ConfigError: there is none, it is not UTF-8, not YAML, or has a key twice.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"`{path}` cannot be read: {error}", path=str(path)) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark is not None else str(path)
        raise ConfigError(f"{place}: This is not YAML: {getattr(error, 'problem', error)}.", path=str(path)) from error
    except RecursionError as error:
        raise ConfigError(f"`{path}` is nested too deeply.", path=str(path)) from error
    return Yaml(None, str(path)) if root is None else _valued(root, str(path), "", ())


def _valued(node: yaml.Node, path: str, key_place: str, above: tuple[int, ...]) -> Yaml:
    place = f"{path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
    if id(node) in above:
        raise ConfigError(f"{place}: A value holds itself.")
    above = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Yaml] = {}
        for key, value in node.value:
            at = f"{path}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigError(f"{at}: A key is a text.")
            if key.value in found:
                raise ConfigError(f"{at}: The key `{key.value}` stands here twice.")
            found[key.value] = _valued(value, path, at, above)
        return Yaml(found, place, key_place)
    if isinstance(node, yaml.SequenceNode):
        return Yaml([_valued(item, path, "", above) for item in node.value], place, key_place)
    return Yaml(_scalar(node), place, key_place)


def _scalar(node: yaml.Node) -> object:
    text: str = node.value
    if getattr(node, "style", None) is not None:
        return text
    if text.lower() in {"true", "false", "null"} or text in _WORDS:
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
