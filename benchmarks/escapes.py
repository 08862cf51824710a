"""Try the escapes of the tests on a predecessor: `PYTHON benchmarks/escapes.py`, with its Python.

Prints `held` or `got out` and the escape. Of the project only `tests/process/escapes.py` is loaded, by its path.
"""

from __future__ import annotations

import copy
import importlib.util
import logging
import os
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

SOURCE = Path(__file__).parents[1] / "tests" / "process" / "escapes.py"


def loaded() -> ModuleType:
    """The module of the escapes."""
    spec = importlib.util.spec_from_file_location("escapes", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["escapes"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Try each escape in a context of its own."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    escapes = loaded()
    os.chdir(tempfile.mkdtemp())  # one of them writes to the working directory
    try:
        peer, layer = __import__("theus"), "domain_ctx"
        engine_class = peer.TheusEngine
        layer = "domain_ctx" if importlib.metadata.version("theus").startswith("2.2") else "domain"
    except ImportError:
        peer, layer = __import__("pop"), "domain"
        engine_class = peer.POPEngine

    @dataclass
    class Domain(peer.BaseDomainContext):  # type: ignore[name-defined, misc]
        items: object = None
        matrix: object = None
        d: object = None
        obj: object = None
        objs: object = None
        tags: object = None
        queue: object = None
        tup: object = None
        raw: object = None
        x: object = None
        y: object = None
        secret: object = None

    @dataclass
    class System(peer.BaseSystemContext):  # type: ignore[name-defined, misc]
        domain_ctx: object = None
        global_ctx: object = field(default_factory=peer.BaseGlobalContext)

    def described(domain: object) -> dict[str, object]:
        plain = {name: object.__getattribute__(domain, name) for name in escapes.fields()}
        owners = [getattr(o, "__dict__", o) for o in [plain["obj"], *plain["objs"]]]
        return {**{n: v for n, v in plain.items() if n not in {"obj", "objs"}}, "owners": owners}

    for escape in escapes.ESCAPES:
        print(
            f"{tried(escape, escapes, peer, engine_class, layer, Domain, System, described)}\t{escape.text}", flush=True
        )
    os._exit(0)  # threads of attempts may hang in a lock


def tried(escape, escapes, peer, engine_class, layer, domain_class, system_class, described) -> str:  # type: ignore[no-untyped-def]
    """How one attempt ends."""
    kept: list[object] = []
    domain = domain_class()
    for name, value in escapes.fields().items():
        object.__setattr__(domain, name, value)
    system = system_class(domain_ctx=domain, global_ctx=peer.BaseGlobalContext())
    before = copy.deepcopy(described(domain))
    try:
        engine = (
            engine_class(system) if engine_class.__name__ == "POPEngine" else engine_class(system, strict_mode=True)
        )
        paths = [[f"{layer}.{path}" for path in side] for side in (escape.inputs, escape.outputs)]
        body = peer.process(*paths, errors=["Stop"])(lambda ctx: escape.act(ctx, kept))
        engine.register_process("p", body)
        kept.append(engine.run_process("p"))
    except Exception as error:  # noqa: BLE001 (whatever the peer raises)
        kept.append(error)
    if escape.after is not None:
        try:
            escape.after(kept)
        except Exception as error:  # noqa: BLE001
            kept.append(type(error))
    now = object.__getattribute__(system, "domain_ctx")
    try:
        same = now is domain and described(domain) == before
        seen = escapes.SECRET in repr([value for value in kept if not isinstance(value, BaseException)])
    except Exception:  # noqa: BLE001
        same, seen = False, False
    return "held" if same and not seen else "got out"


if __name__ == "__main__":
    import importlib.metadata

    main()
