"""The four zones of a context, told by the prefix of a field's own name."""

from __future__ import annotations

from enum import Enum


class Zone(Enum):
    """What a field is for, and so how long it lives and who may read it."""

    DATA = "data"
    SIGNAL = "signal"
    META = "meta"
    HEAVY = "heavy"


PREFIXES = {"sig_": Zone.SIGNAL, "cmd_": Zone.SIGNAL, "meta_": Zone.META, "heavy_": Zone.HEAVY}


def resolve_zone(name: str) -> Zone:
    """The zone of a field or of a path, by the prefix of the last name in it; case matters."""
    leaf = name.rpartition(".")[2]
    for prefix, zone in PREFIXES.items():
        if leaf.startswith(prefix):
            return zone
    return Zone.DATA
