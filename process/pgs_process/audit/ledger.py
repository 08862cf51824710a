"""What audit remembers: counts of violations, and whether everything is stopped. A port keeps it
beyond this process."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pgs_process.faults import ConfigError


@dataclass(slots=True)
class Record:
    """Counts by rule; why everything is stopped, if it is; who let it go on, and why."""

    counts: dict[str, int] = field(default_factory=dict)
    halted: str | None = None
    resets: list[dict[str, str]] = field(default_factory=list)


class Ledger(Protocol):
    """Where a record is kept. What cannot be kept stops the run: an audit that forgets is none."""

    def load(self) -> Record:
        """The record as it was last saved, or an empty one."""

    def save(self, record: Record) -> None:
        """Keep the record."""


class MemoryLedger:
    """Keeps the record as long as the program runs."""

    def __init__(self) -> None:
        self._record = Record()

    def load(self) -> Record:
        return self._record

    def save(self, record: Record) -> None:
        self._record = record


class FileLedger:
    """Keeps the record in a file, which is replaced whole."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def load(self) -> Record:
        """The record of the file, or an empty one where there is no file.

        Raises:
            ConfigError: the file is none of ours.
        """
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            return Record(dict(data["counts"]), data["halted"], list(data["resets"]))
        except FileNotFoundError:
            return Record()
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"`{self._path}` is no audit ledger.", path=str(self._path)) from error

    def save(self, record: Record) -> None:
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        text = json.dumps({"counts": record.counts, "halted": record.halted, "resets": record.resets}, sort_keys=True)
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self._path)
