"""Where a PostgreSQL store is: a URL, of which only what holds no secret is ever shown.

psycopg is not needed to read one, so that a command line is judged whether or not it is installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, unquote

Mode: TypeAlias = Literal["durable", "fast"]

SCHEMES = ("postgresql", "postgres")
DEFAULT_SCHEMA = "pgs"

# What libpq takes besides: `options` and `password` could undo what is promised, or be seen.
_OURS = ("schema", "mode")
_LIBPQ = (
    "application_name", "channel_binding", "gssencmode", "host", "krbsrvname", "passfile", "port", "require_auth",
    "sslcert", "sslcrl", "sslkey", "sslmode", "sslrootcert", "target_session_attrs",
)  # fmt: skip

# Strict where libpq is lenient: it takes a password with a raw `@` or `/` for a host, and then tells it.
_URL = re.compile(
    r"(?P<scheme>[a-z]+)://"
    r"(?:(?P<user>[^@/:?#\[\]]*)(?::(?P<password>[^@/:?#\[\]]*))?@)?"
    r"(?P<hosts>[A-Za-z0-9_.,:\[\]-]*)"
    r"(?:/(?P<database>[^@/:?#\[\]]*))?"
    r"(?:\?(?P<query>[^?#]*))?"
)
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]*)(?::(?P<port>[0-9]{1,5}))?")
_SCHEMA = re.compile("(?!pg_)[a-z_][a-z0-9_]{0,62}")

FORM = "postgresql://USER@HOST:PORT/DATABASE?schema=pgs"


class NoAddress(ValueError):
    """A text is no address of a PostgreSQL store. The message never repeats what could be a password."""


@dataclass(frozen=True, slots=True)
class Address:
    """The place of a store: a schema of a database, and how much a commit there promises.

    Attributes:
        parameters: what libpq connects with, without the password.
        password: None where the server, `PGPASSWORD` or a password file settles it.
        shown: how messages name the store.
    """

    parameters: Mapping[str, str]
    password: str | None = field(repr=False)
    schema: str
    mode: Mode
    shown: str


def is_address(text: str) -> bool:
    """Whether a text means to be the URL of a PostgreSQL store."""
    return text.partition("://")[0] in SCHEMES and "://" in text


def address_of(text: str) -> Address:
    """Read a URL in the form of libpq, with two members of our own: `schema` and `mode`.

    Raises:
        NoAddress: it is none, or says something that a store does not take.
    """
    found = _URL.fullmatch(text)
    if found is None or found["scheme"] not in SCHEMES:
        raise NoAddress(f"It is no `{FORM}`; in a user or a password, `@` is written %40, `/` %2F, `:` %3A.")
    members = _members(found["query"] or "")
    schema, mode = members.pop("schema", DEFAULT_SCHEMA), members.pop("mode", "durable")
    if not _SCHEMA.fullmatch(schema):
        raise NoAddress("A `schema` is 1 to 63 small letters, digits and `_`, no digit first, and not `pg_…`.")
    if mode not in ("durable", "fast"):
        raise NoAddress("A `mode` is `durable` or `fast`.")
    parameters = {**_hosts(found["hosts"]), **members}
    if found["user"]:
        parameters["user"] = unquote(found["user"])
    if found["database"]:
        parameters["dbname"] = unquote(found["database"])
    if any("\0" in value for value in (*parameters.values(), unquote(found["password"] or ""))):
        raise NoAddress("It holds a NUL character.")
    password = None if found["password"] is None else unquote(found["password"])
    told = [f"{name}={value}" for name, value in members.items() if name in ("host", "port")]
    told += [f"schema={schema}"] if schema != DEFAULT_SCHEMA else []
    shown = f"postgresql://{found['hosts']}/{found['database'] or ''}{'?' if told else ''}{'&'.join(told)}"
    return Address(parameters, password, schema, "fast" if mode == "fast" else "durable", shown)


def _members(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError as error:
        raise NoAddress("What follows `?` is no list of `name=value`, joined by `&`.") from error
    members = dict(pairs)
    if len(members) < len(pairs):
        raise NoAddress("What follows `?` names something twice.")
    for name in members:
        if name == "password":
            raise NoAddress("A password stands behind the user, in `PGPASSWORD` or in a password file, not behind `?`.")
        if name not in (*_OURS, *_LIBPQ):
            raise NoAddress(f"What may follow `?` is {', '.join(f'`{known}`' for known in sorted((*_OURS, *_LIBPQ)))}.")
    return members


def _hosts(text: str) -> dict[str, str]:
    """The hosts and their ports, each list joined by commas as libpq has them."""
    if not text:
        return {}
    found = [_HOST.fullmatch(part) for part in text.split(",")]
    hosts = [part["host"].strip("[]") for part in found if part is not None]
    ports = [part["port"] or "" for part in found if part is not None]
    if len(hosts) < len(found) or any(port and not 0 < int(port) < 65536 for port in ports):
        raise NoAddress("A host is a name or a number, with a port from 1 to 65535 behind `:`.")
    return {"host": ",".join(hosts), **({"port": ",".join(ports)} if any(ports) else {})}
