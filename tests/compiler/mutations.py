"""Declarations with a mistake that somebody could make: one structural change to a sound document."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import TypeAlias

import yaml

from pgs_compiler.source import SourceFile
from pgs_snapshot.values import Value

Container: TypeAlias = "dict[str, Value] | list[Value]"
Spot: TypeAlias = "tuple[Container, str | int]"
ODD: Sequence[Value] = (
    *(None, True, False, 0, -1, 3.5, 2**53 - 1, "", " ", "$", "$.", "$.payload", "$..x", "x", "X", "CC_X_V0"),
    *("é", "a: b", "shop::EN_X_V0", "otherwise", "continue", [], {}, [[]], [{}], {"$ref": "EN_X_V0"}),
    *({"$var": "T"}, {"$default": []}, {"$text": "{a"}, {"$enum": "x"}, {"type": "object"}, {"eq": []}),
)


def mutant(files: Sequence[SourceFile], random_: random.Random) -> tuple[SourceFile, ...]:
    """The files with one to three changes in one of them."""
    index = random_.randrange(len(files))
    file = files[index]
    if random_.random() < 0.1:
        data = _damaged(file.data, random_)
    else:
        documents = list(yaml.safe_load_all(file.data))
        for _ in range(random_.choice((1, 1, 2, 3))):
            random_.choice(_CHANGES)(documents, random_)
        # JSON, for it is YAML in which every text stands in quotes: what is wrong is not the text of the file.
        data = "\n---\n".join(json.dumps(document, indent=1) for document in documents).encode()
    return (*files[:index], SourceFile(file.path, data), *files[index + 1 :])


def _damaged(data: bytes, random_: random.Random) -> bytes:
    """Cut off, or one byte changed."""
    at = random_.randrange(len(data))
    return data[:at] if random_.random() < 0.5 else data[:at] + bytes([random_.randrange(256)]) + data[at + 1 :]


def _spots(value: Value) -> list[Spot]:
    """Every place of a value, as its container with a key or index."""
    found: list[Spot] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict | list):
            keys = list(item) if isinstance(item, dict) else range(len(item))
            found += [(item, key) for key in keys]
            waiting += item.values() if isinstance(item, dict) else item
    return found


def _get(spot: Spot) -> Value:
    return spot[0][spot[1]]  # type: ignore[call-overload, index, no-any-return]


def _put(spot: Spot, value: Value) -> None:
    spot[0][spot[1]] = value  # type: ignore[call-overload, index]


def _some(documents: list[Value], random_: random.Random) -> Spot:
    return random_.choice(_spots(documents))


def _delete(documents: list[Value], random_: random.Random) -> None:
    container, key = _some(documents, random_)
    del container[key]  # type: ignore[arg-type]
    documents[:] = documents or [{}]


def _duplicate(documents: list[Value], random_: random.Random) -> None:
    container, key = _some(documents, random_)
    copy = deepcopy(_get((container, key)))
    if isinstance(container, list):
        container.append(copy)
    else:
        container[f"{key}_again"] = copy


def _swap(documents: list[Value], random_: random.Random) -> None:
    """Two scalars change places: references, names, numbers."""
    scalars = [spot for spot in _spots(documents) if not isinstance(_get(spot), dict | list)]
    if len(scalars) > 1:
        first, second = random_.sample(scalars, 2)
        held = _get(first)
        _put(first, _get(second))
        _put(second, held)


def _confuse(documents: list[Value], random_: random.Random) -> None:
    """One word stands where another of its kind should: a reference, a name, an outcome, a node."""
    kind = random_.choice(_KINDS)
    words = [spot for spot in _spots(documents) if isinstance(_get(spot), str) and kind.match(str(_get(spot)))]
    keys = [spot for spot in _spots(documents) if isinstance(spot[1], str) and kind.match(spot[1])]
    known = [str(_get(spot)) for spot in words] + [str(key) for _, key in keys]
    if words and (not keys or random_.random() < 0.7):
        _put(random_.choice(words), random_.choice(known))
    elif keys:
        container, key = random_.choice(keys)
        if isinstance(container, dict):
            container[random_.choice(known)] = container.pop(str(key))


def _graft(documents: list[Value], random_: random.Random) -> None:
    """A whole piece of one place stands at another."""
    spots = _spots(documents)
    copy = deepcopy(_get(random_.choice(spots)))
    _put(random_.choice(spots), copy)


def _rename(documents: list[Value], random_: random.Random) -> None:
    container, key = _some(documents, random_)
    if isinstance(container, dict):
        renamed = random_.choice((f"{key}x", str(key)[1:], str(key).upper(), str(key).lower()))
        items = [(renamed if name == key else name, value) for name, value in container.items()]
        container.clear()
        container.update(items)


def _misspell(documents: list[Value], random_: random.Random) -> None:
    texts = [spot for spot in _spots(documents) if isinstance(_get(spot), str) and _get(spot)]
    if texts:
        spot = random_.choice(texts)
        text = str(_get(spot))
        at = random_.randrange(len(text))
        _put(spot, text[:at] + random_.choice(("", "x", "X", ".", "_", "$", "[0]", "[*]")) + text[at + 1 :])


def _replace(documents: list[Value], random_: random.Random) -> None:
    _put(_some(documents, random_), deepcopy(random_.choice(ODD)))


def _wrap(documents: list[Value], random_: random.Random) -> None:
    spot = _some(documents, random_)
    held = _get(spot)
    _put(spot, random_.choice(([held], {"x": held}, {"$literal": held}, {"not": held}, {"all": [held]})))


_KINDS = tuple(map(re.compile, (r"\$\.", r"[A-Z]{2}_[A-Z0-9_]+_V0$", r"[A-Z_]{3,}$", r"[a-z_]+$")))
_CHANGES: Sequence[Callable[[list[Value], random.Random], None]] = (
    *(_delete, _duplicate, _swap, _graft, _rename, _misspell, _replace, _wrap),
    *(_confuse, _confuse, _confuse, _confuse),
)
