"""The shop of `shipping`, compiled, with a bank, a courier and a mail server that listen on loopback.

The bank and the courier are one service, told apart by what they are asked for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.examine.export import export
from pgs_runtime.operate.actors import local_actor
from pgs_runtime.ports import Ports
from pgs_runtime.run.outcomes import Outcome
from pgs_runtime.runtime import Actor, Runtime
from pgs_snapshot.values import Value
from tests.durable.shop import told
from tests.end_to_end.programs import ENVIRONMENT, Answer, Argument, Installation
from tests.parties.mail import MailParty
from tests.parties.service import Asked, ServiceParty

SHIPPING = Path(__file__).parent / "shipping"
NOTES = "shipping::ST_NOTES_V0"
ENOUGH = 30.0  # seconds after which what a test waits for does not come any more


class Service(ServiceParty):
    """A bank that is charged by POST, and a courier that is asked by GET for what was ordered under a key."""

    def answer(self, asked: Asked, takes: bool) -> Value:
        if asked.method != "GET":
            return super().answer(asked, takes)
        self.asked.append(asked)
        return self.done.get(asked.key, {})

    @property
    def methods(self) -> list[str]:
        return [asked.method for asked in self.asked]


@dataclass
class Depot:
    """A workspace, a data root, and who is outside.

    Attributes:
        pauses: the seconds between tries that were slept in this process, which takes no time.
        store: the address of the store, for commands; "": a file in the data root.
    """

    place: Installation
    service: Service
    mail: MailParty
    settings: Path
    pauses: list[float] = field(default_factory=list)
    store: str = ""

    def tell(self, **sections: object) -> None:
        """Write the settings, with other sections for some side effects, by their codes."""
        stated = {
            "core::CS_HTTP_CALL_V0": {"endpoints": {"bank": {"url": self.service.url, "keyed": True}}},
            "core::CS_SEND_EMAIL_V0": {
                "host": "localhost",
                "port": self.mail.port,
                "security": "none",
                "from": "shop@example.org",
            },
            "shipping::CS_COURIER_V0": {"port": self.service.port},
        }
        stated |= {name: section for name in stated for code, section in sections.items() if name.endswith(code)}
        self.settings.write_text(json.dumps(stated))
        self.settings.chmod(0o600)

    # --- as a library ----------------------------------------------------------------------------

    def runtime(self) -> Runtime:
        ports = Ports(sleep=self.pauses.append)
        return Runtime.open(self.place.workspace, self.place.data, ports=ports, settings=self.settings)

    def actor(self, runtime: Runtime) -> Actor:
        return local_actor(runtime.snapshot, "", {}, "tester", "")

    # --- as a program ----------------------------------------------------------------------------

    def command(self, *arguments: Argument, stdin: bytes = b"") -> Answer:
        """A command of `pgs_runtime` at the workspace; without pictures, which take their time."""
        return self.place.runtime(*arguments, stdin=stdin, environment=self.environment)

    def run(self, workflow: str, payload: object, *options: Argument) -> Answer:
        line = ["run", "--wf", f"shipping::{workflow}", "--payload", "-", "--no-picture", *options]
        return self.command(*line, stdin=json.dumps(payload).encode())

    @property
    def environment(self) -> dict[str, str]:
        at = {"PGS_STORE": self.store} if self.store else {}
        return {**ENVIRONMENT, "PGS_SETTINGS": str(self.settings), **at}

    def started(self, *arguments: str, payload: object = None) -> subprocess.Popen[bytes]:
        """A command under way."""
        places = ["--workspace", str(self.place.workspace), "--data-root", str(self.place.data)]
        line = [sys.executable, "-I", "-m", "pgs_runtime", *arguments, "--no-picture", *places]
        process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(payload).encode())
        process.stdin.close()
        process.stdin = None
        return process

    def killed(self, when: Callable[[], bool], sent: int, *arguments: str, payload: object = None) -> tuple[int, str]:
        """Send a command a signal as soon as something is so: how it ended, and what it complained of."""
        process = self.started(*arguments, payload=payload)
        until(when)
        os.kill(process.pid, sent)
        _, complaint = process.communicate(timeout=ENOUGH)
        return process.returncode, complaint.decode()

    def only_run(self) -> dict[str, object]:
        """What is told of the one run that there is."""
        (run,) = self.command("list", "--json").json()["runs"]
        return {**self.command("show", run["id"], "--json").json()}

    # --- what is left ----------------------------------------------------------------------------

    def effects(self, runtime: Runtime, run: str) -> list[tuple[str, str]]:
        """Status and key of the effects of a run."""
        return [(effect.status, effect.key) for effect in runtime.store.effects(run)]

    def notes(self, runtime: Runtime, order: str = "o1") -> list[str]:
        return [json.loads(event.body)["what"] for event in runtime.store.events(NOTES, order, 1, 100)]

    def whole(self, runtime: Runtime, run: Outcome | str) -> list[str]:
        """What the trace tells, after its file was compared with the store, and verified."""
        id = run if isinstance(run, str) else run.trace_id
        files = export(runtime, self.place.workspace / "traces", id, picture=False)
        data = files.paths[0].read_bytes()
        assert data == b"".join(line + b"\n" for line in runtime.trace(id))
        verdict = verify(data, lambda snapshot: snapshot == runtime.snapshot.id, runtime.store)
        ended = runtime.resume(id).exit != ""
        assert (verdict.broken, verdict.level) == (0, Level.ANCHORED if ended else Level.SELF_CONSISTENT)
        return told(runtime, id)


def until(so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + ENOUGH
    while not so():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.01)
