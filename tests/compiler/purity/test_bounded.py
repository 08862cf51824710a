"""Which transforms run in the runtime's own process, and why the others do not."""

from __future__ import annotations

import ast

import pytest

from pgs_compiler.purity.bounded import unbounded
from pgs_compiler.purity.source import Source


def why(text: str, *numbers: str) -> str:
    """Why `f` goes to the worker, "" if it does not."""
    name = "shop.fees"
    tree = ast.parse(text)
    source = Source(name, "shop", tree, frozenset({"shop"}), frozenset({name}), frozenset({"f"}))
    found = unbounded({name: source}, name, "f", numbers)
    return found.why if found else ""


@pytest.mark.parametrize(
    "text",
    [
        "def f(x): return {'y': x}",
        "def f(x): return {'y': x['a'].strip().lower()}",
        "def f(x): return {'y': sum(item['n'] for item in x)}",
        "def f(x): return {'y': sorted({tag for tag in x})}",
        "def f(x): return {'y': f'{x}-{x:05d}'}",
        "def f(x):\n    t = 0\n    for item in x:\n        t += item['n']\n    return {'y': t}",
        "def f(x): return {'y': [cell for row in x for cell in row]}",
        "T = ('a', 'b')\ndef f(x): return {'y': [t for t in T for item in x]}",
        "def g(a): return a + 1\ndef f(x): return {'y': g(x)}",
        "import hashlib\ndef f(x): return {'y': hashlib.sha256(x.encode()).hexdigest()}",
        "from pgs_snapshot.values import same\ndef f(x, all): return {'y': any(same(x, one) for one in all)}",
        "R = {'a': 2}\ndef f(n, k): return {'y': n * R[k] // 100}",
        "def f(n): return {'y': n * 3}",
        "def f(x): return {'y': sorted(x, key=lambda row: row['n'])}",
    ],
)
def test_what_is_in_proportion_to_the_inputs_runs_in_the_process(text: str) -> None:
    assert why(text, "n") == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def f(x):\n    while x:\n        x = x[1:]\n    return {}", "it has a `while` loop"),
        ("def f(x): return f(x)", "`f` calls itself"),
        ("def g(x): return f(x)\ndef f(x): return g(x)", "`f` calls itself"),
        ("def f(x): return {'y': [a for b in x for a in x]}", "a loop stands within a loop"),
        (
            "def f(x):\n    for a in x:\n        for b in x: pass\n    return {}",
            "a loop stands within a loop",
        ),
        ("def f(x): return {'y': [sum(x) for a in x]}", "`sum` stands in a loop"),
        ("def f(x): return {'y': [a in x for a in x]}", "a search stands in a loop"),
        ("def g(x): return sum(x)\ndef f(x): return {'y': [g(x) for a in x]}", "`sum` stands in a loop"),
        ("def g(a): return sum(a)\ndef f(x): return {'y': sorted(x, key=g)}", "`g` is handed on"),
        ("def f(x, n): return {'y': x * n}", "a product, power or format"),
        ("def f(n): return {'y': n ** n}", "a product, power or format"),
        ("def f(n): return {'y': 1 << n}", "a product, power or format"),
        ("def f(x): return {'y': '%1000000000d' % x}", ""),
        ("def f(x, s): return {'y': s % x}", "a product, power or format"),
        ("def f(x):\n    x = str(x)\n    return {'y': x * 3 * 3}", "a product, power or format"),
        ("def f(n): return {'y': list(range(n))}", "`range` is as long as a run says"),
        ("import re\ndef f(x): return {'y': bool(re.match('a+', x))}", "`re.match` can take any time"),
        ("def f(x, n): return {'y': f'{x:{n}}'}", "a text is as wide as a run says"),
        ("def f(x): return {'y': f'{x:>999999999999}'}", "a text is as wide as a run says"),
        ("def f(x): return {'y': x.replace('', x)}", "`.replace` can take any time"),
        ("def f(x): return {'y': x['s'].join(x['l'])}", "`.join` can take any time"),
        ("def f(x, g): return {'y': g(x)}", "`g` can take any time"),
        ("T = {'a': len}\ndef f(x): return {'y': T['a'](x)}", "`T['a']` can take any time"),
        ("def f(x): return {'y': sum(x, [])}", "`sum` with a beginning may join lists"),
        (
            "def f(x):\n" + "".join(f"    x = x + x  # {n}\n" for n in range(13)) + "    return {'y': x}",
            "texts or lists are put together",
        ),
        ("from decimal import Decimal\ndef f(x): return {'y': str(Decimal(x))}", "`Decimal` can take any time"),
        ("import itertools\ndef f(x): return {'y': list(itertools.product(x, x))}", "`itertools.product` can take any"),
        ("class C:\n    def m(self): return 1\ndef f(x): return {'y': C().m()}", "`.m` can take any time"),
    ],
)
def test_what_is_not_shown_to_be_goes_to_the_worker(text: str, reason: str) -> None:
    found = why(text, "n")
    assert found
    assert found.startswith(reason)


def test_the_reason_names_module_and_line() -> None:
    text = "def f(x):\n    y = x\n    return {'y': y ** 2}\n"
    source = Source("a.b", "a", ast.parse(text), frozenset({"a"}), frozenset({"a.b"}), frozenset({"f"}))
    found = unbounded({"a.b": source}, "a.b", "f", ())
    assert found is not None
    assert (found.module, found.line) == ("a.b", 3)
