"""A PostgreSQL server of the tests' own: made in a temporary folder, on loopback, and gone when they end."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from pgs_runtime.stores.postgres_address import Address, address_of

_DEBIAN = Path("/usr/lib/postgresql")
_USER = "pgs"
_DATABASE = "tests"
_PATIENCE = 30.0
GUARDED = "guarded"
"""A user, for a test to make, who needs a password."""

_schemas = count(1)
# Below the ports that systems give to whoever asks for any, so that nobody has it when the server comes back; and
# tests in another process look elsewhere.
_ports = count(10_000 + os.getpid() * 20 % 20_000)


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, or None; Debian keeps them off the PATH."""
    named = shutil.which("initdb")
    folders = [Path(named).resolve().parent] if named else []
    if _DEBIAN.is_dir():
        folders += sorted(_DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class Server:
    """A running server; `settings` are lines of its configuration by name."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        found = programs()
        if found is None:
            raise FileNotFoundError("no `initdb` and `postgres` here")
        self._programs = found
        self._folder = Path(tempfile.mkdtemp(prefix="pgs-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._settings = dict(settings or {})
        self._owner: dict[str, Any] = {}
        if os.geteuid() == 0:  # the server refuses to be run by root
            user = pwd.getpwnam("nobody")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            self._owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.port = _unused()
        try:
            line = [found / "initdb", "--pgdata", self._data, "--username", _USER, "--auth", "trust", "--no-sync"]
            self._run([*line, "--encoding", "UTF8", "--locale", "C"])
            rules = self._data / "pg_hba.conf"
            guarded = f"host all {GUARDED} 127.0.0.1/32 scram-sha-256\n"  # the first rule that fits decides
            rules.write_text(guarded + rules.read_text(encoding="utf-8"), encoding="utf-8")
            self.start()
            with self.connect("postgres") as connection:
                connection.execute(f"CREATE DATABASE {_DATABASE}")
        except BaseException:
            self.remove()
            raise

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def standby_signal(self) -> Path:
        """The file that makes a standby of the server when it starts."""
        return self._data / "standby.signal"

    def start(self, **settings: str) -> None:
        """Start it, with more settings for this time, and wait until it answers; it ends with the calling thread."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self._folder),
            "max_connections": "50",
            "shared_buffers": "16MB",
            "deadlock_timeout": "100ms",
            **self._settings,
            **settings,
        }
        line = [self._programs / "postgres", "-D", self._data]
        for name, value in options.items():
            line += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*_bound_to_us(), *line], stdout=log, stderr=log, **self._owner)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(self.log()) from None
                time.sleep(0.02)
            else:
                return

    def log(self) -> str:
        """What the server has said."""
        return (self._folder / "log").read_text(encoding="utf-8")

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it: at once, as a crash would, or with SIGINT in order."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE)
            self._process = None

    def freeze(self, yes: bool = True) -> None:
        """Stop all of its processes where they are, as a machine that hangs would, or let them go on."""
        assert self._process is not None
        own, sent = self._process.pid, signal.SIGSTOP if yes else signal.SIGCONT
        parents = {
            int(stat.parent.name): int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            for stat in Path("/proc").glob("[0-9]*/stat")
        }
        for process in (own, *(child for child, parent in parents.items() if parent == own)):
            os.kill(process, sent)

    def holding(self, *texts: bytes) -> list[Path]:
        """The files of the cluster, its log of changes among them, that hold one of some texts as they are."""
        with self.connect("postgres") as connection:
            connection.execute("CHECKPOINT")
        files = [file for folder in ("base", "global", "pg_wal") for file in (self._data / folder).rglob("*")]
        found = []
        for file in files:
            held = file.read_bytes() if file.is_file() else b""
            if any(text in held for text in texts):
                found.append(file.relative_to(self._data))
        return found

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def connect(self, database: str = _DATABASE) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of the test's own, past the store."""
        return psycopg.connect(host="127.0.0.1", port=self.port, user=_USER, dbname=database, autocommit=True)

    def url(self, schema: str = "", port: int = 0, **members: str) -> str:
        """The address of a store; of a new one unless a schema is named."""
        named = {"schema": schema or f"s{next(_schemas)}", **members}
        query = "&".join(f"{name}={value}" for name, value in named.items())
        return f"postgresql://{_USER}@127.0.0.1:{port or self.port}/{_DATABASE}?{query}"

    def address(self, schema: str = "", port: int = 0, **members: str) -> Address:
        return address_of(self.url(schema, port, **members))

    def _run(self, line: list[str | Path]) -> None:
        done = subprocess.run(line, capture_output=True, text=True, check=False, **self._owner)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)


def _unused() -> int:
    """A port that nobody listens to."""
    port = next(_ports)
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as taken:
        if taken.errno != errno.EADDRINUSE:
            raise
        return _unused()
    return port


def _bound_to_us() -> list[str]:
    """What ends the server when the tests are killed, where the system has it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT"] if setpriv else []
