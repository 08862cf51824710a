"""Tables, indexes and laws of a PostgreSQL store as data: how each is made, and what the catalog then says of it.

`$.` stands for the store's schema.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Type: TypeAlias = Literal["text", "bytea", "bigint"]
Moment: TypeAlias = Literal["INSERT", "UPDATE", "DELETE", "TRUNCATE", "after INSERT", "after UPDATE", "after DELETE"]

LAW = "PGS01"
"""The SQLSTATE of a broken law."""

# Of pg_trigger.tgtype (src/include/catalog/pg_trigger.h).
_ROW, _BEFORE, _EVENTS = 1, 2, {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}


@dataclass(frozen=True, slots=True)
class Table:
    """A table. A column whose type ends with `?` may be null; `key` may be empty."""

    name: str
    columns: str
    key: tuple[str, ...]

    def statements(self) -> Iterator[str]:
        collated = {"text": 'text COLLATE "C"'}
        columns = [
            f"{name} {collated.get(type, type)}{' NOT NULL' if needed else ''}"
            for name, type, needed in self._columns()
        ]
        key = [f"CONSTRAINT {self.name}_key PRIMARY KEY ({', '.join(self.key)})"] if self.key else []
        yield f"CREATE TABLE $.{self.name} ({', '.join([*columns, *key])})"

    def facts(self) -> Iterator[str]:
        yield f"table {self.name} r p"
        for name, type, needed in self._columns():
            yield f"column {self.name}.{name} {type} {'C' if type == 'text' else '-'} {'needed' if needed else 'null'}"
        if self.key:
            yield f"index {self.name}_key {self.name} unique primary valid: {' '.join(self.key)}"

    def _columns(self) -> Iterator[tuple[str, str, bool]]:
        for column in self.columns.split(", "):
            name, _, type = column.partition(" ")
            yield name, type.removesuffix("?"), not type.endswith("?")


@dataclass(frozen=True, slots=True)
class Index:
    """An index over columns or expressions, for some rows or all."""

    name: str
    table: str
    columns: tuple[str, ...]
    where: str = ""
    unique: bool = False

    def statements(self) -> Iterator[str]:
        unique = "UNIQUE " if self.unique else ""
        where = f" WHERE {self.where}" if self.where else ""
        yield f"CREATE {unique}INDEX {self.name} ON $.{self.table} ({', '.join(self.columns)}){where}"

    def facts(self) -> Iterator[str]:
        unique = "unique" if self.unique else "-"
        columns = " ".join("-" if "(" in column else column for column in self.columns)
        yield f"index {self.name} {self.table} {unique} - valid: {columns}"


@dataclass(frozen=True, slots=True)
class Law:
    """A trigger with a function of its own name, which fires whatever `session_replication_role` says.

    Attributes:
        body: statements in PL/pgSQL, without the block around them and without its end.
    """

    table: str
    moment: Moment
    body: str

    @property
    def _name(self) -> str:
        return f"{self.table}_{self.moment.lower().replace(' ', '_')}"

    @property
    def _source(self) -> str:
        old = self.moment.endswith("DELETE")
        end = "NULL" if self.moment == "TRUNCATE" else "OLD" if old else "NEW"
        return f"\nBEGIN\n{self.body}\n  RETURN {end};\nEND\n"

    def statements(self) -> Iterator[str]:
        time, event = ("AFTER", self.moment[6:]) if self.moment.startswith("after ") else ("BEFORE", self.moment)
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        yield (
            f"CREATE FUNCTION $.{self._name}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog"
            f" AS $law${self._source}$law$"
        )
        yield (
            f"CREATE TRIGGER {self._name} {time} {event} ON $.{self.table}"
            f" FOR EACH {each} EXECUTE FUNCTION $.{self._name}()"
        )
        yield f"ALTER TABLE $.{self.table} ENABLE ALWAYS TRIGGER {self._name}"

    def facts(self, schema: str) -> Iterator[str]:
        event = self.moment.removeprefix("after ")
        kind = _EVENTS[event] + (0 if event == "TRUNCATE" else _ROW) + (_BEFORE if event == self.moment else 0)
        yield f"trigger {self.table}.{self._name} {self._name} {kind} A - -"
        source = qualified(self._source, schema)
        digest = hashlib.md5(source.encode(), usedforsecurity=False).hexdigest()
        yield f"function {self._name} {digest} plpgsql - search_path=pg_catalog"


@dataclass(frozen=True, slots=True)
class Change:
    """A statement of a migration that moves rows and makes nothing."""

    statement: str

    def statements(self) -> Iterator[str]:
        yield self.statement


Object: TypeAlias = Table | Index | Law | Change


def qualified(text: str, schema: str) -> str:
    """The text for a schema. Names are qualified, as a pooler may hand us a session with any `search_path`."""
    return text.replace("$.", f'"{schema}".')


def facts_of(objects: Iterable[Object], schema: str) -> frozenset[str]:
    """What the catalog says of a schema that holds these objects and nothing else."""
    found: set[str] = set()
    for item in objects:
        if isinstance(item, Law):
            found.update(item.facts(schema))
        elif not isinstance(item, Change):
            found.update(item.facts())
    return frozenset(found)


def never(table: str, what: str, *moments: Moment) -> tuple[Law, ...]:
    """Laws that refuse to change, to remove and to empty. `what` is the row: `a trace line`."""
    why: dict[Moment, str] = {
        "UPDATE": f"{what} never changes",
        "DELETE": f"{what} never goes",
        "TRUNCATE": f"{what} never goes",
    }
    return tuple(Law(table, moment, refuse(why[moment])) for moment in moments)


def refuse(why: str, when: str = "") -> str:
    """A statement that refuses, always or under a condition."""
    text = why.replace("'", "''")
    refusal = f"RAISE EXCEPTION USING ERRCODE = '{LAW}', MESSAGE = '{text}';"
    return f"  IF {when} THEN\n    {refusal}\n  END IF;" if when else f"  {refusal}"


CATALOG = """
WITH ours AS (SELECT c.* FROM pg_catalog.pg_class c WHERE c.relnamespace = %s::pg_catalog.regnamespace)
SELECT concat_ws(' ', CASE relkind WHEN 'r' THEN 'table' ELSE 'other' END, relname, relkind, relpersistence)
    || CASE WHEN relrowsecurity OR relhassubclass OR relispartition OR relhasrules THEN ' odd' ELSE '' END
  FROM ours WHERE relkind NOT IN ('i', 'I')
UNION ALL
SELECT concat_ws(' ', 'column', relname || '.' || attname, format_type(atttypid, atttypmod),
    CASE WHEN attcollation = 0 THEN '-' ELSE collname END, CASE WHEN attnotnull THEN 'needed' ELSE 'null' END)
    || CASE WHEN atthasdef OR attidentity <> '' OR attgenerated <> '' THEN ' odd' ELSE '' END
  FROM ours JOIN pg_catalog.pg_attribute a ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_catalog.pg_collation o ON o.oid = attcollation WHERE relkind NOT IN ('i', 'I')
UNION ALL
SELECT concat_ws(' ', 'index', i.relname, ours.relname, CASE WHEN indisunique THEN 'unique' ELSE '-' END,
    CASE WHEN indisprimary THEN 'primary' ELSE '-' END, CASE WHEN indisvalid THEN 'valid:' ELSE 'broken:' END,
    (SELECT string_agg(coalesce(attname, '-'), ' ' ORDER BY place)
      FROM unnest(indkey::int2[]) WITH ORDINALITY AS k(number, place)
      LEFT JOIN pg_catalog.pg_attribute ON attrelid = ours.oid AND attnum = number AND number > 0))
  FROM ours JOIN pg_catalog.pg_index x ON indrelid = ours.oid JOIN pg_catalog.pg_class i ON i.oid = indexrelid
UNION ALL
SELECT concat_ws(' ', 'trigger', relname || '.' || tgname, proname, tgtype, tgenabled,
    CASE WHEN tgqual IS NULL THEN '-' ELSE 'when' END, CASE WHEN tgnargs = 0 THEN '-' ELSE 'arguments' END)
  FROM ours JOIN pg_catalog.pg_trigger ON tgrelid = ours.oid AND NOT tgisinternal
  JOIN pg_catalog.pg_proc p ON p.oid = tgfoid
UNION ALL
SELECT concat_ws(' ', 'function', proname, md5(convert_to(prosrc, 'UTF8')), lanname,
    CASE WHEN prosecdef THEN 'definer' ELSE '-' END, array_to_string(proconfig, ' '))
  FROM pg_catalog.pg_proc JOIN pg_catalog.pg_language l ON l.oid = prolang
  WHERE pronamespace = %s::pg_catalog.regnamespace
UNION ALL
SELECT concat_ws(' ', 'constraint', relname || '.' || conname, contype)
  FROM ours JOIN pg_catalog.pg_constraint ON conrelid = ours.oid AND contype NOT IN ('p', 'n')
"""
"""One line for each thing in a schema; `facts_of` says what they are where nothing was altered.

Left out is what carries no law: owners, rights, comments, statistics, where things are stored.
"""
