"""Every transform of `core` passes the compiler, used by a protocol or not; those that need the worker are known."""

from __future__ import annotations

from pathlib import Path

from pgs_compiler.compiler import compile_program
from pgs_compiler.project import Project
from pgs_compiler.source import SourceFile
from tests.capabilities.test_declarations import FOLDER, TRANSFORMS, declared_in

IN_THE_WORKER = {
    "CT_APPLY_TRANSFERS_V0",
    "CT_DIVIDE_DECIMALS_V0",
    "CT_FILL_TEMPLATE_V0",
    "CT_JOIN_TEXTS_V0",
    "CT_MERKLE_ROOT_V0",
    "CT_MULTIPLY_DECIMALS_V0",
    "CT_ROUND_DECIMAL_V0",
}


def test_every_transform_is_pure_and_only_a_few_need_the_worker(tmp_path: Path) -> None:
    # What `core` declares is looked at as far as it is used; as somebody's own, all of it is.
    files = [
        SourceFile(path.name, path.read_bytes().replace(b"core::", b"lib::").replace(b"$ref: EN_", b"$ref: lib::EN_"))
        for path in sorted(FOLDER.glob("*.yaml"))
        if declared_in(path, "transform")
    ]
    core = [SourceFile(f"<core>/{path.name}", path.read_bytes()) for path in sorted(FOLDER.glob("*.yaml"))]
    compilation = compile_program(Project(), tmp_path, [*files, *core])
    assert compilation.findings == ()
    assert compilation.worker is not None
    assert {name.partition("::")[2] for name in compilation.worker} == IN_THE_WORKER
    assert {name.partition("::")[2] for name in TRANSFORMS} >= IN_THE_WORKER
