"""What no computation can give: the time, identifiers that nobody has, and chance.

Laws:
* an answer is on record, and a run that is done again gets the same one;
* an identifier follows from the key of its effect: every try has the same one, and no other effect has it;
* chance is that of the operating system (`secrets`), equally likely for every number of a range.

A run has one time already, `$.run.time`, and a digest of content is `core::CT_GENERATE_ID_V0`: neither needs these.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from uuid import UUID

from pgs_snapshot.external import Outside
from pgs_snapshot.values import Outcome


class Clock:
    """The operation of `core::CS_CLOCK_V0`."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def now(self) -> Outcome:
        """What time it is: SUCCESS with `time`, in UTC with six digits of a second."""
        moment = datetime.now(UTC).replace(tzinfo=None)
        return Outcome("SUCCESS", time=f"{moment.isoformat(timespec='microseconds')}Z")


class Identifiers:
    """The operation of `core::CS_IDENTIFIERS_V0`."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def new(self, *, prefix: str = "") -> Outcome:
        """An identifier that nobody has: SUCCESS with `id`, the prefix and 32 hex digits, and with them as a `uuid`."""
        digits = self._outside.key[:32]
        # RFC 9562 section 5.8: version 8 says that the other bits follow from a rule of the maker's own.
        uuid = UUID(int=int(digits, 16) & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62)
        return Outcome("SUCCESS", id=f"{prefix}{digits}", uuid=str(uuid))


class Chance:
    """The operations of `core::CS_RANDOM_V0`."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def integer(self, *, least: int, most: int) -> Outcome:
        """A number from `least` to `most`, both included: SUCCESS with `number`; EMPTY if there is none."""
        if most < least:
            return Outcome("EMPTY")
        return Outcome("SUCCESS", number=least + secrets.randbelow(most - least + 1))

    def entropy(self, *, bytes: int = 32) -> Outcome:
        """Bytes that nobody can guess: SUCCESS with `hex`, two digits for each."""
        return Outcome("SUCCESS", hex=secrets.token_hex(bytes))
