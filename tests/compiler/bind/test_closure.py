"""What an implementation runs is found by reading; what cannot be sealed is refused at the author's line."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import pytest

from pgs_compiler.bind.closure import Closure, closure
from pgs_compiler.bind.imports import DynamicImport, Import, imports
from pgs_compiler.bind.modules import MAX_SOURCE, Packages
from pgs_compiler.findings import Finding, Place
from pgs_snapshot.canonical import digest

Files: TypeAlias = Mapping[str, str | bytes]

PLACE = Place("protocols/bank.yaml", 3, 17, 3, 31)
FEE = "def fee(amount):\n    return {'fee': amount}\n"


def packages(root: Path, files: Files, path: tuple[str, ...] | None = None) -> Packages:
    """Packages of a workspace with these files, under the names of its folders; no other is listed."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Packages({name.partition("/")[0].removesuffix(".py"): root for name in files}, root, path)


def found(root: Path, files: Files, reference: str = "bank.fees:fee") -> Closure:
    result = closure(reference, packages(root, files), PLACE)
    assert result.findings == ()
    assert result.value is not None
    return result.value


def refused(
    root: Path,
    files: Files,
    reference: str = "bank.fees:fee",
    path: tuple[str, ...] | None = None,
) -> Finding:
    result = closure(reference, packages(root, files, path), PLACE)
    assert result.value is None
    (finding,) = result.findings
    assert finding.place == PLACE
    return finding


# --- what belongs to it --------------------------------------------------------------------------


def test_a_module_comes_with_the_packages_around_it(tmp_path: Path) -> None:
    files: Files = {
        "bank/__init__.py": "",
        "bank/fees.py": FEE,
        "bank/other.py": "import nothing",
    }
    got = found(tmp_path, files)
    assert got.modules == {"bank.__init__": b"", "bank.fees": FEE.encode()}
    assert got.distributions == {}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import bank.rates", ["bank.rates"]),
        ("import bank.rates as r, json", ["bank.rates"]),
        ("from bank import rates", ["bank.rates"]),
        ("from bank.rates import RATE", ["bank.rates"]),
        ("from . import rates", ["bank.rates"]),
        ("from .rates import RATE as r", ["bank.rates"]),
        ("from .eu import vat", ["bank.eu.__init__", "bank.eu.vat", "bank.rates"]),
        ("from .eu.vat import *", ["bank.eu.__init__", "bank.eu.vat", "bank.rates"]),
        ("from bank.eu import *", ["bank.eu.__init__", "bank.eu.vat", "bank.rates"]),
        ("import bank.eu", ["bank.eu.__init__"]),
        ("def later():\n    from bank import rates", ["bank.rates"]),
        ("class C:\n    import bank.rates", ["bank.rates"]),
        ("try:\n    import bank.rates\nexcept ImportError:\n    pass", ["bank.rates"]),
        ("from shared import text", ["shared.text"]),
        ("import single", ["single"]),
    ],
)
def test_every_way_to_import_is_followed(tmp_path: Path, statement: str, expected: list[str]) -> None:
    got = found(
        tmp_path,
        {
            "bank/__init__.py": "",
            "bank/fees.py": f"{statement}\n\n{FEE}",
            "bank/rates.py": "RATE = 2\n",
            "bank/eu/__init__.py": "__all__ = ['vat', 'NAME']\nNAME = 'EU'\n",
            "bank/eu/vat.py": "from ..rates import RATE\n",
            "shared/text.py": "",
            "single.py": "",
        },
    )
    assert sorted(got.modules) == sorted(["bank.__init__", "bank.fees", *expected])


def test_modules_that_import_each_other_are_taken_once(tmp_path: Path) -> None:
    got = found(
        tmp_path,
        {
            "bank/__init__.py": "from . import fees",
            "bank/fees.py": f"from . import b\n{FEE}",
            "bank/b.py": "import bank.fees",
        },
    )
    assert list(got.modules) == ["bank.__init__", "bank.b", "bank.fees"]


def test_what_is_imported_for_type_checkers_only_does_not_belong_to_it(tmp_path: Path) -> None:
    text = f"import typing\nif typing.TYPE_CHECKING:\n    import nowhere\nelse:\n    import bank.rates\n{FEE}"
    got = found(tmp_path, {"bank/fees.py": text, "bank/rates.py": ""})
    assert list(got.modules) == ["bank.fees", "bank.rates"]


def test_the_standard_library_and_the_engine_are_not_sealed(tmp_path: Path) -> None:
    text = f"from __future__ import annotations\nimport os.path, json\nimport pgs_snapshot.values\n{FEE}"
    got = found(tmp_path, {"bank/fees.py": text})
    assert list(got.modules) == ["bank.fees"]
    assert got.distributions == {}


def test_a_distribution_is_recorded_with_its_version_under_the_name_that_is_imported(tmp_path: Path) -> None:
    text = f"import yaml.nodes\nfrom click import echo\n{FEE}"
    got = found(tmp_path, {"bank/fees.py": text})
    assert got.distributions == {
        "click": f"click=={version('click')}",
        "yaml": f"PyYAML=={version('PyYAML')}",
    }


def test_distributions_that_share_a_package_are_told_apart(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name in ("one", "two"):
        (site / "shared" / name).mkdir(parents=True)
        (site / "shared" / name / "__init__.py").write_text("")
        info = site / f"shared_{name}-{name}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: shared-{name}\nVersion: 1.{len(name)}\n")
        (info / "RECORD").write_text(f"shared/{name}/__init__.py,,\n")
    listed = packages(tmp_path / "work", {"bank/fees.py": f"from shared import two\n{FEE}"}, (str(site),))
    result = closure("bank.fees:fee", listed, PLACE)
    assert result.value is not None
    assert result.value.distributions == {"shared.two": "shared-two==1.3"}


def test_an_installed_package_is_sealed_when_the_project_lists_it(tmp_path: Path) -> None:
    result = closure(
        "pgs_capabilities.transforms.identity:generate_id", Packages({"pgs_capabilities": None}, tmp_path), PLACE
    )
    assert result.value is not None
    assert "pgs_capabilities.transforms.identity" in result.value.modules
    assert "pgs_capabilities.__init__" in result.value.modules


def test_nothing_is_run_and_nothing_is_imported(tmp_path: Path) -> None:
    text = f"raise SystemExit\nopen({str(tmp_path / 'ran')!r}, 'w')\n{FEE}"
    before = set(sys.modules)
    found(tmp_path, {"bank/__init__.py": text, "bank/fees.py": text})
    assert not (tmp_path / "ran").exists()
    assert not {name for name in set(sys.modules) - before if name.startswith("bank")}
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_closure_becomes_what_a_manifest_lists(tmp_path: Path) -> None:
    listed = found(tmp_path, {"bank/fees.py": FEE}).implementation()
    assert (listed.reference, listed.distributions) == ("bank.fees:fee", {})
    assert listed.modules == {"bank.fees": digest(FEE.encode())}


def test_sup_01_the_working_directory_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "planted.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", ".", *sys.path])
    assert refused(tmp_path / "work", {"bank/fees.py": f"import planted\n{FEE}"}).code == "C606"


def test_cmp_06_the_same_sources_in_another_folder_give_the_same_closure(tmp_path: Path) -> None:
    files: Files = {
        "bank/__init__.py": "",
        "bank/fees.py": f"from . import rates\n{FEE}",
        "bank/rates.py": "",
    }
    here = found(tmp_path / "here", files)
    there = found(tmp_path / "there", dict(reversed(list(files.items()))))
    assert here == there
    assert list(here.modules) == list(there.modules)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reference",
    [
        "bank.fees",
        "bank.fees.fee",
        "bank.fees:",
        ":fee",
        "bank..fees:fee",
        "bank.fees:a.b",
        "../bank:fee",
        "bänk:fee",
    ],
)
def test_c601_a_reference_of_another_form(tmp_path: Path, reference: str) -> None:
    finding = refused(tmp_path, {"bank/fees.py": FEE}, reference)
    assert (finding.code, finding.message) == (
        "C601",
        f"`{reference}` is not written as `package.module:attribute`.",
    )


def test_c602_a_package_that_the_project_does_not_list(tmp_path: Path) -> None:
    finding = refused(tmp_path, {"bank/fees.py": FEE}, "yaml.nodes:Node")
    assert (finding.code, finding.hint) == ("C602", "Add `yaml` to `packages` in `pgs.yaml`.")
    assert refused(tmp_path, {"bank/fees.py": FEE}, "nowhere:f").hint == ""


def test_c603_a_module_that_is_not_there(tmp_path: Path) -> None:
    finding = refused(tmp_path, {"bank/__init__.py": ""})
    assert (finding.code, finding.message, finding.hint) == ("C603", "There is no module `bank.fees` in `bank`.", "")


def test_c603_the_module_that_is_probably_meant_is_named(tmp_path: Path) -> None:
    finding = refused(tmp_path, {"bank/fees/yearly.py": FEE}, "bank.fee.yearly:fee")
    assert finding.message == "There is no module `bank.fee` in `bank`."
    assert finding.hint == "Write `bank.fees.yearly:fee`."
    assert refused(tmp_path, {"bank/fees/yearly.py": FEE}, "bank.fee.daily:fee").hint == ""


def test_c603_a_module_within_what_is_no_package(tmp_path: Path) -> None:
    finding = refused(tmp_path, {"bank/fees.py": FEE}, "bank.fees.yearly:fee")
    assert finding.message == "There is no module `bank.fees.yearly`: `bank.fees` is no package."


def test_c603_a_package_that_is_not_in_its_folder_or_whose_folder_is_not_there(tmp_path: Path) -> None:
    for folder, where in ((tmp_path, "`.`"), (tmp_path / "src", "`src`, which is no folder")):
        (finding,) = closure("bank:fee", Packages({"bank": folder}, tmp_path), PLACE).findings
        assert finding.message == f"There is no module `bank` in {where}."


def test_c603_a_package_that_is_not_installed_was_looked_for_in_every_folder_of_the_path(tmp_path: Path) -> None:
    path = tuple(str(tmp_path / name) for name in ("one", "two", "three", "not-there"))
    for folder in path[:3]:
        Path(folder).mkdir()
    (finding,) = closure("bank:fee", Packages({"bank": None}, tmp_path / "workspace", path), PLACE).findings
    one, two, three, _ = (f"`{folder}`" for folder in path)
    assert finding.message == f"There is no module `bank` in {one}, {two} or {three}."


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"fee = '\xff'\n", "is not UTF-8 without a byte order mark"),
        (b"\xef\xbb\xbfdef fee(): pass\n", "is not UTF-8 without a byte order mark"),
        (b"# coding: latin-1\ndef fee(): pass\n", "is not UTF-8 without a byte order mark"),
        (b"# coding: nonsense\ndef fee(): pass\n", "is not UTF-8 without a byte order mark"),
        (b"def fee():\nreturn\n", "is not Python that can be parsed"),
        (b"x = 1\0\n", "is not Python that can be parsed"),
        (b"x = " + b"-" * 200_000 + b"1\n", "is not Python that can be parsed"),
        (b"#" * (MAX_SOURCE + 1), "has more than 1048576 bytes"),
    ],
    ids=["bytes", "mark", "latin", "nonsense", "syntax", "nul", "deep", "long"],
)
def test_c604_a_module_that_is_no_source(tmp_path: Path, source: bytes, why: str) -> None:
    finding = refused(tmp_path, {"bank/fees.py": source})
    assert finding.code == "C604"
    assert finding.message == f"`bank.fees` {why}, so it cannot be sealed."


def test_c604_an_extension_module_or_bytecode_is_no_source(tmp_path: Path) -> None:
    listed: Files = {"bank/__init__.py": "", "bank/fees.abi3.so": b"\x7fELF", "bank/rates.pyc": b""}
    assert refused(tmp_path, listed).message == "`bank.fees` is not Python source, so it cannot be sealed."
    assert refused(tmp_path, listed, "bank.rates:fee").code == "C604"


@pytest.mark.parametrize("linked", ["bank/fees.py", "bank/eu", "bank/eu/__init__.py", "bank"])
def test_c604_a_symbolic_link_on_the_way_to_a_module(tmp_path: Path, linked: str) -> None:
    files: Files = {"bank/fees.py": f"import bank.eu\n{FEE}", "bank/eu/__init__.py": ""}
    listed = packages(tmp_path / "work", files)
    (tmp_path / "work" / linked).rename(tmp_path / "elsewhere")
    (tmp_path / "work" / linked).symlink_to(tmp_path / "elsewhere")
    result = closure("bank.fees:fee", listed, PLACE)
    assert {finding.code for finding in result.findings} == {"C604"}
    assert "is a symbolic link" in result.findings[0].message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fee = 1\n",
        "fee: int = 1\n",
        "import json as fee\n",
        "if True:\n    def fee(): pass\n",
        "def fee(): pass\nfee = 2\n",
        "from json import loads as fee\n",
        "from . import fee\n",
        "from .rates import fee\n",
        "from .rates import *\n",
    ],
)
def test_c605_an_attribute_that_is_no_function_or_class(tmp_path: Path, text: str) -> None:
    rates = "from .fees import fee\n"
    assert refused(tmp_path, {"bank/__init__.py": "", "bank/fees.py": text, "bank/rates.py": rates}).code == "C605"


def test_c605_an_async_function_is_named_as_one(tmp_path: Path) -> None:
    finding = refused(tmp_path, {"bank/fees.py": "async def fee(): pass\n"})
    assert finding.message == "`fee` in `bank.fees` is an `async` function; only a plain one can be called."


def test_c605_a_similar_name_is_offered(tmp_path: Path) -> None:
    assert refused(tmp_path, {"bank/fees.py": "def fees(): pass\n"}).hint == "Is it `bank.fees:fees`?"


def test_a_function_that_was_imported_from_another_module_is_one(tmp_path: Path) -> None:
    files: Files = {
        "bank/__init__.py": "from bank.fees import charge as fee\n",
        "bank/fees.py": "from .rates import Charge as charge\n",
        "bank/rates.py": "class Charge: pass\n",
    }
    assert "bank.rates" in found(tmp_path, files, "bank:fee").modules


@pytest.mark.parametrize(
    ("statement", "message", "hint"),
    [
        ("import left_pad", "imports `left_pad`, which is not installed.", ""),
        ("from left_pad import pad", "imports `left_pad`, which is not installed.", ""),
        ("import bank.rates", "imports `bank.rates`, and there is no such module.", ""),
        ("from .rates import RATE", "imports `bank.rates`, and there is no such module.", ""),
        ("from bare import rates", "imports `bare.rates`, and there is no such module.", ""),
        ("from ... import rates", "imports relative to what lies outside of its package.", ""),
        ("import pgs_runtime", "imports `pgs_runtime`, which is not there for implementations.", ""),
        (
            "import loose",
            "imports `loose`, which belongs neither to the project nor to a distribution.",
            "Add `loose` to `packages` in `pgs.yaml`.",
        ),
    ],
)
def test_c606_an_import_of_what_is_unknown(tmp_path: Path, statement: str, message: str, hint: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "loose.py").write_text("")
    files: Files = {"bank/fees.py": f"\n{statement}\n{FEE}", "bare/other.py": ""}
    finding = refused(tmp_path / "work", files, path=(str(tmp_path / "site"),))
    assert (finding.code, finding.hint) == ("C606", hint)
    assert (finding.message, finding.label) == (f"`bank.fees` {message}", "line 2 of `bank.fees`")


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("import importlib", "importlib"),
        ("from importlib import import_module as find", "importlib"),
        ("import importlib.util", "importlib"),
        ("import runpy, pkgutil", "pkgutil"),
        ("__import__('os')", "__import__"),
    ],
)
def test_c607_an_import_that_no_statement_names(tmp_path: Path, statement: str, what: str) -> None:
    result = closure("bank.fees:fee", packages(tmp_path, {"bank/fees.py": f"{statement}\n{FEE}"}), PLACE)
    assert {finding.code for finding in result.findings} == {"C607"}
    assert f"`bank.fees` uses `{what}`" in result.findings[0].message
    assert result.findings[0].label == "line 1 of `bank.fees`"


def test_all_that_is_wrong_is_reported_at_once(tmp_path: Path) -> None:
    text = f"import nowhere\nfrom . import rates\n{FEE}"
    result = closure(
        "bank.fees:fee",
        packages(tmp_path, {"bank/fees.py": text, "bank/rates.py": "import importlib"}),
        PLACE,
    )
    assert [finding.code for finding in result.findings] == ["C606", "C607"]


# --- reading imports -----------------------------------------------------------------------------


def test_imports_are_read_with_absolute_names_in_the_order_of_their_lines() -> None:
    source = "import a.b, c\ndef f():\n    from ..d import e, g\nfrom . import h\nfrom .... import i\n"
    assert imports(ast.parse(source), "p.q") == (
        Import("a.b", (), 1),
        Import("c", (), 1),
        Import("p.d", ("e", "g"), 3),
        Import("p.q", ("h",), 4),
        Import("....", ("i",), 5),
    )


def test_a_deeply_nested_module_is_read_without_recursion() -> None:
    expression: ast.expr = ast.Constant(1)
    for _ in range(5_000):
        expression = ast.UnaryOp(ast.Not(), expression)
    tree = ast.Module([*ast.parse("import a\n__import__").body, ast.Expr(expression)], [])
    assert imports(tree, "p") == (Import("a", (), 1), DynamicImport("__import__", 2))
