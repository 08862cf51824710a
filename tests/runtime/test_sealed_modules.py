"""What was sealed is what runs, whatever lies on the machine."""

from __future__ import annotations

import _imp
import importlib.util
import marshal
import pickle
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

from pgs_runtime.workspace.installed import verify_installed
from pgs_snapshot.canonical import digest
from pgs_snapshot.locate import Locator, search_path
from pgs_snapshot.model import Implementation
from pgs_snapshot.seal import MANIFEST, SOURCES, SealBroken, Sealed, build_manifest, verify
from pgs_snapshot.sealed_code.modules import NotSealed, SealedModules
from pgs_snapshot.values import Outcome
from tests.snapshot.small import MODULES, snapshot


def modules(distributions: tuple[str, ...] = (), /, **sources: str) -> SealedModules:
    """Modules by name, with `__` for a dot between names."""
    named = {name.replace("__", ".").replace("..init..", ".__init__"): text for name, text in sources.items()}
    return SealedModules({name: text.encode() for name, text in named.items()}, distributions)


def called(sealed: SealedModules, reference: str, *arguments: object) -> object:
    function = sealed.load(reference)
    assert callable(function)
    return function(*arguments)


def sealed_with(sources: dict[str, bytes], distributions: dict[str, str] | None = None) -> Sealed:
    digests = {name: digest(source) for name, source in sources.items()}
    files = {SOURCES + digests[name]: source for name, source in sources.items()}
    used = Implementation("x:y", digests, distributions or {})
    return verify(files | {MANIFEST: build_manifest("n", 1, "0", files, [used])})


def laid_out(root: Path, sources: dict[str, bytes]) -> Path:
    for name, source in sources.items():
        file = root / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source)
    return root


# --- running -------------------------------------------------------------------------------------


def test_a_sealed_snapshot_runs_its_implementations() -> None:
    sealed = SealedModules.of(verify(snapshot()))
    assert called(sealed, "bank.fees:fee", 21) == {"fee": 42}


@pytest.mark.parametrize(
    ("statement", "expression"),
    [
        ("import bank.eu.vat", "bank.eu.vat.VAT + bank.eu.NAME"),
        ("import bank.eu.vat as v", "v.VAT + 'EU'"),
        ("from bank.eu import vat", "vat.VAT + 'EU'"),
        ("from bank.eu.vat import VAT", "VAT + 'EU'"),
        ("from bank import eu", "eu.vat.VAT + eu.NAME"),
        ("from . import eu", "eu.vat.VAT + eu.NAME"),
        ("from .eu import vat as v, NAME", "v.VAT + NAME"),
        ("from .eu.vat import *", "VAT + 'EU'"),
        ("from bank.eu import *", "vat.VAT + NAME"),
        ("import json, bank.eu", "json.loads('\"v\"') + bank.eu.NAME"),
        ("from os.path import basename", "basename('x/v') + 'EU'"),
        ("import os.path", "os.path.basename('x/v') + 'EU'"),
    ],
)
def test_every_import_statement_means_what_it_means_in_python(statement: str, expression: str) -> None:
    sources = {
        "bank.__init__": b"",
        "bank.fees": f"{statement}\ndef fee(): return {expression}\n".encode(),
        "bank.eu.__init__": b"from . import vat\n__all__ = ['vat', 'NAME']\nNAME = 'EU'\n",
        "bank.eu.vat": b"from ..rates import RATE as VAT\n",
        "bank.rates": b"RATE = 'v'\n",
    }
    assert called(SealedModules(sources), "bank.fees:fee") == "vEU"


def test_a_package_without_a_source_of_its_own_is_one() -> None:
    sealed = SealedModules({"bank.eu.fees": b"from . import vat\nimport bank\n", "bank.eu.vat": b"VAT = 3\n"})
    assert vars(sealed.load("bank.eu.fees:vat"))["VAT"] == 3


def test_modules_that_import_each_other_load() -> None:
    sources = {
        "bank.__init__": b"from . import fees\n",
        "bank.fees": b"from . import rates\nimport bank.rates as again\ndef fee(): return rates.RATE\n",
        "bank.rates": b"from . import fees\nfrom bank import fees as again\nRATE = 2\n",
    }
    sealed = SealedModules(sources)
    assert called(sealed, "bank.fees:fee") == 2
    assert sealed.load("bank.fees:again") is sealed.load("bank.fees:rates")
    assert sealed.load("bank.rates:again") is sealed.load("bank.rates:fees")


def test_a_function_imports_when_it_is_called() -> None:
    sealed = modules(fees="def fee():\n    from rates import RATE\n    return RATE\n", rates="RATE = 2\n")
    assert called(sealed, "fees:fee") == 2


def test_a_module_runs_once() -> None:
    sealed = modules(fees="import state\nRAN = state.RAN\nRAN.append(1)\n", state="RAN = []\n")
    assert sealed.load("fees:RAN") is sealed.load("fees:RAN") is sealed.load("state:RAN")
    assert sealed.load("fees:RAN") == [1]


def test_two_snapshots_live_side_by_side() -> None:
    fee = "from bank import rates\ndef fee(): return rates.RATE\n"
    one, two = (modules(bank__fees=fee, bank__rates=f"RATE = {rate}\n") for rate in (1, 2))
    assert (called(one, "bank.fees:fee"), called(two, "bank.fees:fee")) == (1, 2)
    assert "bank" not in sys.modules


def test_the_same_snapshot_opened_twice_runs_the_same_modules() -> None:
    sources = dict(MODULES) | {"bank.twice": b"class Fee: pass\n"}
    assert SealedModules(sources).load("bank.twice:Fee") is SealedModules(sources).load("bank.twice:Fee")


def test_a_sealed_module_wins_over_an_installed_one_and_over_the_standard_library() -> None:
    sealed = modules(fees="import statistics, yaml\ndef fee(): return statistics.MEAN, yaml.X\n",
                     statistics="MEAN = 1\n", yaml="X = 2\n")  # fmt: skip
    assert called(sealed, "fees:fee") == (1, 2)


def test_the_engine_is_the_one_that_runs() -> None:
    sealed = modules(fees="from pgs_snapshot.values import Outcome\ndef fee(): return Outcome('NOT_FOUND')\n")
    assert called(sealed, "fees:fee") == Outcome("NOT_FOUND")


def test_dataclasses_type_hints_and_pickle_work_in_sealed_modules() -> None:
    text = (
        "from __future__ import annotations\n"
        "import typing\n"
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True, slots=True)\n"
        "class Fee:\n"
        "    amount: int\n"
        "    of: Fee | None = None\n"
        "def hints(): return typing.get_type_hints(Fee)\n"
    )
    sealed = modules(bank__fees=text)
    fee = called(sealed, "bank.fees:Fee", 2)
    assert pickle.loads(pickle.dumps(fee)) == fee  # noqa: S301
    hints = called(sealed, "bank.fees:hints")
    assert isinstance(hints, dict)
    assert hints["amount"] is int


def test_our_own_future_imports_do_not_reach_sealed_code() -> None:
    assert called(modules(fees="def fee(x: int): return fee.__annotations__['x']\n"), "fees:fee", 1) is int


def test_assertions_hold_in_sealed_code() -> None:
    with pytest.raises(AssertionError):
        called(modules(fees="def fee():\n    assert False\n"), "fees:fee")


def test_what_sealed_code_prints_leaves_standard_output_to_the_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "import io\ndef f():\n    print('here', 1, sep='-')\n    print('there', file=io.StringIO())\n"
    called(modules(a=text), "a:f")
    assert capsys.readouterr() == ("", "here-1\n")


def test_a_traceback_names_the_sealed_module() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        called(modules(bank__fees="def fee():\n    return 1 / 0\n"), "bank.fees:fee")
    entry = raised.traceback[-1]
    assert (entry.frame.code.raw.co_filename, entry.lineno + 1) == ("sealed:bank.fees", 2)


def test_a_module_that_did_not_load_is_run_again_when_it_is_asked_for_again() -> None:
    sealed = modules(fees="import rates\nrates.TRIES.append(1)\n1 / (len(rates.TRIES) - 1)\nfee = 1\n",
                     rates="TRIES = []\n")  # fmt: skip
    with pytest.raises(ZeroDivisionError):
        sealed.load("fees:fee")
    assert sealed.load("fees:fee") == 1


def test_threads_never_see_half_a_module() -> None:
    text = "import time\ntime.sleep(0.02)\nVALUE = 1\n"
    sealed = modules(slow=text, fees="def fee():\n    import slow\n    return slow.VALUE\n")
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(called(sealed, "fees:fee"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1, 1, 1, 1]


# --- what is not sealed --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import yaml", "the seal knows no `yaml`"),
        ("from pgs_runtime import core", "the seal knows no `pgs_runtime`"),
        ("import bank.other", "the seal holds no `bank.other`"),
        ("from bank import other", "cannot import name 'other' from 'bank' (unknown location)"),
        ("from . import other", "cannot import name 'other' from 'bank' (unknown location)"),
        ("from .. import other", "a relative import leads out of its package"),
        ("import importlib", "`importlib` loads modules that the seal does not know"),
        ("from importlib.util import find_spec", "`importlib.util` loads modules that the seal does not know"),
    ],
)
def test_an_import_of_what_is_not_sealed_is_refused(text: str, why: str) -> None:
    with pytest.raises(SealBroken) as broken:
        modules(bank__fees=f"{text}\n").load("bank.fees:fee")
    assert broken.value.code == "Z913"
    assert broken.value.message == f"`bank.fees:fee` cannot be loaded: {why}."


def test_a_package_that_was_imported_beside_the_seal_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = ModuleType("bank")
    vars(beside)["other"] = ModuleType("bank.other")
    monkeypatch.setitem(sys.modules, "bank", beside)
    monkeypatch.setitem(sys.modules, "bank.other", vars(beside)["other"])
    with pytest.raises(SealBroken):
        modules(bank__fees="from bank import other\n").load("bank.fees:fee")


def test_sealed_code_may_catch_that_a_module_is_not_there() -> None:
    text = "try:\n    import yaml\nexcept ImportError as error:\n    kind = type(error).__name__\n"
    assert modules(fees=text).load("fees:kind") == NotSealed.__name__


@pytest.mark.parametrize("reference", ["bank.none:fee", "bank:fee", "fees", "bank.fees:none", "os:getcwd"])
def test_what_is_not_there_is_refused(reference: str) -> None:
    with pytest.raises(SealBroken) as broken:
        SealedModules(MODULES).load(reference)
    assert broken.value.code == "Z913"


@pytest.mark.parametrize("statement", ["import yaml", "from yaml import nodes", "import yaml.nodes"])
def test_a_recorded_distribution_can_be_imported(statement: str) -> None:
    text = f"{statement}\nimport yaml\nNode = yaml.nodes.Node\n"
    assert modules(("yaml",), fees=text).load("fees:Node") is importlib.import_module("yaml").nodes.Node


# --- the machine ---------------------------------------------------------------------------------


def test_seal_07_what_is_installed_unchanged_or_not_at_all_is_fine(tmp_path: Path) -> None:
    verify_installed(verify(snapshot()), [str(laid_out(tmp_path, MODULES))])
    verify_installed(verify(snapshot()), [str(tmp_path / "nowhere")])
    verify_installed(verify(snapshot()))


@pytest.mark.parametrize("name", sorted(MODULES))
def test_seal_07_a_source_or_helper_that_was_edited_is_named(tmp_path: Path, name: str) -> None:
    laid_out(tmp_path, MODULES)
    file = tmp_path / f"{name.replace('.', '/')}.py"
    file.write_bytes(MODULES[name] + b"#")
    with pytest.raises(SealBroken) as broken:
        verify_installed(verify(snapshot()), [str(tmp_path)])
    was, now = digest(MODULES[name]), digest(MODULES[name] + b"#")
    assert (broken.value.code, broken.value.path) == ("Z912", str(file))
    assert (broken.value.expected, broken.value.found) == (was, now)
    expected = f"`{file}` is not the sealed `{name}`: expected sha256 `{was}`, found `{now}`."
    assert broken.value.message == expected


def test_seal_07_a_module_that_became_a_package_or_bytecode_is_another(tmp_path: Path) -> None:
    laid_out(tmp_path, MODULES)
    (tmp_path / "bank" / "rates").mkdir()
    (tmp_path / "bank" / "rates.py").rename(tmp_path / "bank" / "rates" / "__init__.py")
    with pytest.raises(SealBroken, match=r"is not the sealed `bank\.rates`"):
        verify_installed(verify(snapshot()), [str(tmp_path)])


def test_seal_07_the_first_on_the_path_counts(tmp_path: Path) -> None:
    right = laid_out(tmp_path / "right", MODULES)
    wrong = laid_out(tmp_path / "wrong", dict.fromkeys(MODULES, b"x = 1\n"))
    verify_installed(verify(snapshot()), [str(right), str(wrong)])
    with pytest.raises(SealBroken):
        verify_installed(verify(snapshot()), [str(wrong), str(right)])


def test_seal_07_nothing_is_run_to_find_a_module(tmp_path: Path) -> None:
    sources = {"bank.__init__": b"raise SystemExit\n", "bank.fees": b"raise SystemExit\n"}
    verify_installed(sealed_with(sources), [str(laid_out(tmp_path, sources))])
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize("mode", ["timestamp", "unchecked"])
def test_seal_08_bytecode_beside_an_untouched_source_never_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    name = f"poisoned_{mode}"
    source, poison = b"VALUE = 'sealed'\n", compile("VALUE = 'poison'\n", "x", "exec")
    file = laid_out(tmp_path, {name: source}) / f"{name}.py"
    cached = Path(importlib.util.cache_from_source(str(file)))
    cached.parent.mkdir()
    if mode == "unchecked":
        head = (1).to_bytes(4, "little") + _imp.source_hash(importlib.util._RAW_MAGIC_NUMBER, source)  # type: ignore[attr-defined]
    else:
        status = file.stat()
        head = bytes(4) + (int(status.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little") + len(source).to_bytes(4, "little")
    cached.write_bytes(importlib.util.MAGIC_NUMBER + head + marshal.dumps(poison))
    monkeypatch.syspath_prepend(tmp_path)
    poisoned = importlib.import_module(name)
    del sys.modules[name]
    assert poisoned.VALUE == "poison", "the cache that was planted is one that Python takes"
    sealed = sealed_with({name: source, "fees": f"import {name}\nVALUE = {name}.VALUE\n".encode()})
    verify_installed(sealed)
    assert SealedModules.of(sealed).load("fees:VALUE") == "sealed"


def test_a_recorded_distribution_is_there_in_its_version() -> None:
    right = f"PyYAML=={version('PyYAML')}"
    verify_installed(sealed_with({}, {"yaml": right}))
    with pytest.raises(SealBroken) as broken:
        verify_installed(sealed_with({}, {"yaml": "PyYAML==1.0"}))
    assert broken.value.message == f"The snapshot was compiled with `PyYAML==1.0`, and `{right}` is installed here."
    with pytest.raises(SealBroken) as broken:
        verify_installed(sealed_with({}, {"left_pad": "left-pad==1.0"}))
    assert broken.value.message == "The snapshot was compiled with `left-pad==1.0`, and none is installed here."


def test_sup_01_the_working_directory_is_not_on_the_search_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out(tmp_path, {"planted": b""})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", ".", *sys.path])
    assert Locator(search_path()).find("planted") is None
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert Locator(search_path()).find("planted") is None
