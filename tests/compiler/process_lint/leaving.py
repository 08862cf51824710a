"""What bodies do besides: outside of the state, round the guard, and with what outlives the run."""

import ctypes
import gc
import logging
import os
import random
import sys
import threading
import time as clock
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial
from json import dumps
from pathlib import Path

import unheard_of

import pgs_process as p
from pgs_process import process as contracted

log = logging.getLogger(__name__)
CACHE = {}
SEEN = []
LIMITS = {"a": 1}
latest = None
system = object()


@contracted(inputs=["domain.count"], outputs=[])
def outside(ctx):
    clock.sleep(1)  # P756
    print(ctx.domain.count)  # P756
    with open("a") as file:  # P756
        file.write("b")
    return random.random(), os.environ["A"], Path("a"), datetime.now(UTC)  # P756 P756 P756 P756


@p.process(inputs=[], outputs=[], side_effects=["clock"])
def outside_and_said(ctx):
    return clock.time()


@p.process(inputs=["domain.items"], outputs=[])
def computes(ctx):
    return dumps(list(ctx.domain.items)), datetime(2026, 1, 1, tzinfo=UTC), deepcopy(ctx.domain.items), LIMITS["a"]


@p.process(inputs=["domain.items"], outputs=[])
def round_the_guard(ctx):
    ctypes.cast(1, ctypes.py_object)  # P757
    gc.get_referrers(ctx.domain.items)  # P757
    sys._getframe(1)  # P757
    vars(ctx.domain)  # P757
    object.__setattr__(ctx.domain, "items", [])  # P757
    return ctx.domain.__dict__, ctx.domain._hidden  # P757 P757


@p.process(inputs=["domain.items"], outputs=[])
def by_another_name(ctx):
    system.domain.items.append(len(ctx.domain.items))  # P757


@p.process(inputs=["domain.items"], outputs=[])
def code_of_nobody(ctx):
    exec("ctx.domain.items.append(1)")  # P761
    unheard_of.look(ctx.domain.items)  # P761
    unheard_of.look(ctx)  # P761
    return unheard_of.look(1), ctx.domain.items.surprise()  # P761


@p.process(inputs=["domain.items"], outputs=[])
def kept(ctx, out, seen=[]):
    global latest
    latest = ctx.domain.items  # P758
    CACHE["items"] = ctx.domain.items  # P758
    SEEN.append(ctx)  # P758
    out.append(ctx.domain.items)  # P758
    seen.append(ctx.domain)  # P758
    log.items = ctx.domain.items  # P758
    SEEN.append(1)  # P756
    CACHE["n"] = [len(ctx.domain.items)]  # P756


@p.process(inputs=["domain.items"], outputs=[])
def returned(ctx, way):
    items = ctx.domain.items
    if way == 1:
        return lambda: items  # P758
    if way == 2:
        return (item for item in items)  # P758
    if way == 3:
        return items.append  # P758
    if way == 4:
        return ctx.domain  # P758
    if way == 5:

        def later(of=items):
            return of

        return later  # P758
    if way == 6:
        return map(str, items)  # P758
    return list(items), items, {"items": items}


@p.process(inputs=["domain.items"], outputs=[])
def lazily(ctx):  # P758
    yield len(ctx.domain.items)


@p.process(inputs=["domain.items"], outputs=[])
def beside(ctx):
    threading.Thread(target=len, args=(ctx.domain.items,)).start()  # P758
    threading.Thread(target=lambda: ctx.domain.items).start()  # P758
    threading.Thread(target=len).start()  # P756


class OwnError(ValueError):
    pass


@p.process(inputs=["domain.items"], outputs=[], errors=["LookupError", ValueError])
def raises(ctx, way):
    if way == 1:
        raise KeyError(len(ctx.domain.items))
    if way == 2:
        raise OwnError
    if way == 3:
        raise unheard_of.Error(1)  # P761
    with suppress(TypeError):
        raise TypeError
    try:
        raise RuntimeError("a")
    except RuntimeError as error:
        if way == 4:
            raise error  # P759
    try:
        return ctx.domain.items[way]
    except IndexError:
        raise
    except Exception:
        raise


@p.process(inputs=[], outputs=[])
def raises_something(ctx):
    raise unheard_of.Error(1)  # P759


def refuse(why):
    raise OwnError(why)  # P759


@p.process(inputs=[], outputs=[])
def raises_elsewhere(ctx):
    refuse("no")


@p.process(inputs=[], outputs=[], errors=["OwnError", "KeyError", "ZeroDivisionError"])  # P760
def raises_less(ctx, n, table):
    return table[n] / n


@p.process(inputs=[], outputs=[], errors=["OwnError", "ValueError"])
def perhaps(ctx, text):
    return unheard_of.read(int(text))


NAMES = ["domain.items"]


@p.process(inputs=NAMES, outputs=[*NAMES, "domain.count"])
def constants(ctx):
    ctx.domain.count = len(ctx.domain.items)
    ctx.domain.items.clear()


@p.process(inputs=[f"domain.{name}" for name in "ab"], outputs=[])  # P762
def computed(ctx):
    return 1


@p.process(inputs=["accounts", "domain._x"], outputs=[])  # P762 P762
def no_paths(ctx):
    return 1


@p.process(inputs=["domain.sig_a", "domain.meta_b"], outputs=[], signals=["domain.c"])  # P763 P763 P763
def no_zones(ctx):
    return 1


@p.process(inputs=[])  # P762
def no_outputs(ctx):
    return 1


@p.process(inputs=[], outputs=["domain.items"])
def handed_on(ctx):
    add = partial(ctx.domain.items.append, 1)
    add()
