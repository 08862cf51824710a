"""The projects that `pgs_compiler init` makes: one folder a template, each file as it will be.

In every text but Python `__name__` stands for the project's name and `__domain__` for its domain. A `gitignore` gets
its dot, and `main.py.txt` becomes `main.py`: it is no part of this package.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from pgs_compiler.editor.documents import ANY_KIND, PROJECT_FILE, file_of, text
from pgs_compiler.names import DOMAIN
from pgs_compiler.project import NAME

TEMPLATES = ("agent", "bank", "minimal", "payments", "theus")
SCHEMAS = ".pgs/schemas"
WORKFLOWS = {
    "agent": "WF_ACT_V0",
    "bank": "WF_TRANSFER_V0",
    "minimal": "WF_SPEND_V0",
    "payments": "WF_DEPOSIT_V0",
}
"""The workflow of each template with protocols, for which its `payload.json` is."""
PROGRAMS = {"theus": ("python main.py", "pgs_compiler test", "pgs_compiler process lint src")}
"""What is typed in the folder of each template that is a program first."""


class NoName(Exception):
    """A word from which no project can be called."""


def project(name: str, template: str) -> dict[str, str]:
    """The files of a new project: text by path, schemas for editors among them.

    Raises:
        NoName: neither a snapshot nor a domain can be called so.
    """
    domain = domain_of(name)
    folder = files(__name__).joinpath(template)
    found = {_path(path): _filled(path, content, name, domain) for path, content in _texts(folder, "")}
    if template in PROGRAMS:
        return dict(sorted(found.items()))
    schemas = {f"{SCHEMAS}/{file_of(kind)}": text(kind) for kind in (ANY_KIND, PROJECT_FILE)}
    return dict(sorted((found | schemas).items()))


def domain_of(name: str) -> str:
    """The domain of a project: its name in small letters, digits and `_`.

    Raises:
        NoName: as above.
    """
    domain = name.lower().replace("-", "_").replace(".", "_")
    if not NAME.accepts(name) or not DOMAIN.fullmatch(domain):
        raise NoName(f"`{name}` is no name for a project: it takes letters, digits, `-` and `_`, a letter first.")
    if domain == "core":
        raise NoName("`core` is the domain that comes with PGS.")
    return domain


def _texts(folder: Traversable, path: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        inside = f"{path}{entry.name}"
        found += _texts(entry, f"{inside}/") if entry.is_dir() else [(inside, entry.read_text(encoding="utf-8"))]
    return found


def _path(path: str) -> str:
    return ".gitignore" if path == "gitignore" else path.removesuffix(".txt")


def _filled(path: str, content: str, name: str, domain: str) -> str:
    if path.endswith(".py.txt"):
        return content
    return content.replace("__name__", name).replace("__domain__", domain)
