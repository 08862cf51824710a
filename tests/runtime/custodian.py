"""Keys, trust and places for tests of custody: an operator, a witness, an old and a lost key, and a till with runs.

| key | trusted for |
| --- | --- |
| `operator` | checkpoints |
| `notary` | cosignatures |
| `retired` | checkpoints, until the first of January 2026 |
| `lost` | checkpoints, revoked as of the first of January 2026 |
| `author` | snapshots |
| `stranger` | nothing |
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pgs_snapshot.signing import SigningKey, key_of_seed
from pgs_snapshot.trust import Trust, read_trust
from pgs_snapshot.values import Value
from tests.snapshot.trusted import add_key, revoke, trust_folder

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
LATER = 365 * 86_400


def _key(number: int) -> SigningKey:
    return key_of_seed(bytes([number]) * 32)


OPERATOR, NOTARY, RETIRED, LOST, AUTHOR, STRANGER = map(_key, range(1, 7))


def trust_in(folder: Path) -> Path:
    """A trust directory as the table says."""
    trust_folder(folder)
    add_key(folder, "operator", OPERATOR.public, roles=["checkpoint"], owner="Olga")
    add_key(folder, "notary", NOTARY.public, roles=["witness"], owner="Nina")
    until: dict[str, Value] = {"until": "2026-01-01T00:00:00Z"}
    add_key(folder, "retired", RETIRED.public, roles=["checkpoint"], owner="Rita", **until)
    add_key(folder, "lost", LOST.public, roles=["checkpoint"], owner="Lea")
    revoke(folder, LOST.public, "2026-01-01T00:00:00Z")
    add_key(folder, "author", AUTHOR.public, roles=["snapshot"], owner="Ada")
    return folder


def trusted(folder: Path) -> Trust:
    """That directory, read."""
    return read_trust(trust_in(folder))


def seconds() -> int:
    """The time, as the operator's clock has it."""
    return SECONDS
