"""Ways out of a contract or out of a transaction, each tried by a body. Nothing of any engine is imported here.

An attempt is made within a run (`act`), and after it, with what was kept, if there is an `after`. It got out if the
state is another one afterwards than before, or if it has seen what its contract does not declare: the word SECRET.
"""

from __future__ import annotations

import bisect
import copy
import dataclasses
import heapq
import inspect
import json
import operator
import pickle
import random
import struct
import threading
import weakref
from collections import ChainMap, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce

SECRET = "S3CRET"  # noqa: S105 (the word to look for)
FIELDS = ("items", "matrix", "d", "obj", "objs", "tags", "queue", "tup", "raw", "x")


class Stop(Exception):
    """The declared error of those that are rolled back."""


class Owner:
    """An object of the state."""

    def __init__(self) -> None:
        self.value, self.items, self.secret = 1, [1], SECRET

    def push(self, value):
        self.items.append(value)

    def itself(self):
        return self

    @property
    def double(self):
        return self.value * 2

    @double.setter
    def double(self, value):
        self.value = value // 2


def fields() -> dict[str, object]:
    """The state of the domain before each attempt; `secret` is in no contract."""
    return {
        "items": [1, 2, 3],
        "matrix": [[1], [2]],
        "d": {"a": 1, "n": [1], "secret": SECRET},
        "obj": Owner(),
        "objs": [Owner()],
        "tags": {1, 2},
        "queue": deque([1, 2]),
        "tup": ([1], 2),
        "raw": bytearray(b"abc"),
        "x": 1,
        "y": 2,
        "secret": SECRET,
    }


class Spy:
    """Catches whatever it is compared or put together with."""

    def __init__(self, keep):
        self.keep = keep

    def catch(self, other):
        self.keep.append(other)
        return True

    __eq__ = __radd__ = __ror__ = __lt__ = __gt__ = catch

    def __hash__(self):
        return hash(1)


@dataclass(frozen=True)
class Escape:
    """One way: in words, what may be read and written, the attempt, and what is tried with what was kept."""

    text: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    act: Callable[[object, list], object]
    after: Callable[[list], object] | None = None


ESCAPES: list[Escape] = []


def add(text, act, after=None, inputs=(), outputs=()):
    ESCAPES.append(Escape(text, tuple(inputs), tuple(outputs), act, after))


def written(text, act):
    """A write to what may only be read."""
    add(text, lambda c, k: act(c.domain_ctx), inputs=FIELDS)


def seen(text, act, inputs=("x",)):
    """A look at what is not declared."""
    add(text, lambda c, k: k.append(act(c)), inputs=inputs)


def kept(text, act, after):
    """A use of what was kept from a run that was allowed to write."""
    add(text, lambda c, k: k.append(act(c.domain_ctx)), lambda k: after(k[0]), outputs=FIELDS)


def undone(text, act):
    """A change before an error that is declared."""

    def fails(c, k):
        act(c.domain_ctx)
        raise Stop

    add(text, fails, outputs=FIELDS)


# --- writing to an input ------------------------------------------------------------------------------------------

written("assign a field that is an input", lambda c: setattr(c, "x", 9))
written("assign a field that is in no contract", lambda c: setattr(c, "y", 9))
written("delete a field", lambda c: delattr(c, "x"))
written("append to a list", lambda c: c.items.append(9))
written("`+=` on a list", lambda c: operator.iadd(c.items, [9]))
written("assign a slice", lambda c: operator.setitem(c.items, slice(0, 2), [9]))
written("sort a list in place", lambda c: c.items.sort(reverse=True))
written("append to a row by index", lambda c: c.matrix[0].append(9))
written("append to a row of a slice", lambda c: next(iter(c.matrix[0:1])).append(9))
written("append to a row while iterating", lambda c: [row.append(9) for row in c.matrix])
written("append to a row from `reversed`", lambda c: next(reversed(c.matrix)).append(9))
written(
    "append to a row from `sorted`, `max`, `zip`, `enumerate`",
    lambda c: [sorted(c.matrix)[0].append(9), max(c.matrix).append(9), next(zip(c.matrix))[0].append(9)],
)
written("append to a row by unpacking", lambda c: (lambda first, *rest: first.append(9))(*c.matrix))
written("append to a row in a shallow copy", lambda c: copy.copy(c.matrix)[0].append(9))
written("append to a row in `list(…)`", lambda c: list(c.matrix)[1].append(9))
written("append to a list in a dict by `get`", lambda c: c.d.get("n").append(9))
written("append to a list from `values()`", lambda c: [v.append(9) for v in c.d.values() if hasattr(v, "append")])
written("append to a list from `items()`", lambda c: [v.append(9) for _, v in c.d.items() if hasattr(v, "append")])
written("append to a list by `{**d}`", lambda c: {**c.d}["n"].append(9))
written(
    "`setdefault`, `pop`, `update`, `|=` on a dict",
    lambda c: [c.d.setdefault("q", 1), operator.ior(c.d, {"q": 1}), c.d.pop("a")],
)
written("append to a list in a tuple", lambda c: c.tup[0].append(9))
written("add to a set", lambda c: c.tags.add(9))
written("append to a deque", lambda c: c.queue.append(9))
written("write into a bytearray", lambda c: operator.setitem(c.raw, 0, 0))
written("set an attribute of an object", lambda c: setattr(c.obj, "value", 9))
written("call a method that writes", lambda c: c.obj.push(9))
written("set a property that writes", lambda c: setattr(c.obj, "double", 8))
written("write through what a method returned", lambda c: setattr(c.obj.itself(), "value", 9))
written("append to a list in an object", lambda c: c.obj.items.append(9))
written("set an attribute of an object in a list", lambda c: setattr(c.objs[0], "value", 9))
written("call a method of the class with the object", lambda c: Owner.push(c.obj, 9))
written("`vars(object)[…] = …`", lambda c: operator.setitem(vars(c.obj), "value", 9))
written("`object.__setattr__` on an object", lambda c: object.__setattr__(c.obj, "value", 9))
written("`object.__setattr__` on the layer", lambda c: object.__setattr__(c, "x", 9))
written("`list.append(items, …)`", lambda c: list.append(c.items, 9))
written("`dict.__setitem__(d, …)`", lambda c: dict.__setitem__(c.d, "a", 9))
written("`heapq.heappush`", lambda c: heapq.heappush(c.items, 0))
written("`bisect.insort`", lambda c: bisect.insort(c.items, 0))
written("`random.shuffle`", lambda c: [_shuffled(c.items, n) for n in range(5)])
written("write in the key function of a sort", lambda c: sorted(c.matrix, key=lambda row: row.append(9) or 0))
written(
    "catch a value by `__eq__`, and write to it",
    lambda c: (lambda k: (c.matrix.count(Spy(k)), [row.append(9) for row in k]))([]),
)
written(
    "catch a container by `==`, and write to it",
    lambda c: (lambda k: (c.items == Spy(k), [v.append(9) for v in k]))([]),
)
written(
    "catch a container by `+` and `|`, and write to it",
    lambda c: (lambda k: (c.items + Spy(k), [v.append(9) for v in k]))([]),
)
written("change the class of an object", lambda c: setattr(c.obj, "__class__", Stop))
written("change the class of a list", lambda c: [setattr(cls, "append", None) for cls in type(c.items).__mro__])
written("set a method of the class of an object", lambda c: setattr(type(c.obj), "push", None))
written("`__init__` of an object and of a list", lambda c: [c.obj.__init__(), c.items.__init__([9])])
written("write in the `default` hook of `json`", lambda c: json.dumps(c.obj, default=lambda o: o.push(9)))
written("append to a row in a `ChainMap`", lambda c: ChainMap(c.d)["n"].append(9))
written("`struct.pack_into`", lambda c: struct.pack_into("b", c.raw, 0, 0))
written("put rows together with `operator.iconcat`", lambda c: reduce(operator.iconcat, c.matrix))
written("write from a thread of the body", lambda c: _in_thread(lambda: c.items.append(9)))
written("write, and catch the refusal", lambda c: _quietly(lambda: c.matrix[0].append(9)))
add("replace a whole layer", lambda c, k: setattr(c, "domain_ctx", Owner()), inputs=FIELDS)
add(
    "replace what only a part is granted of", lambda c, k: setattr(c.domain_ctx, "obj", Owner()), outputs=("obj.value",)
)
add(
    "write a sibling of a granted attribute",
    lambda c, k: setattr(c.domain_ctx.obj, "secret", 9),
    outputs=("obj.value",),
)
add("write a sibling of a granted key", lambda c, k: c.domain_ctx.d.update(n=9), outputs=("d.a",))
add(
    "write to what the refusal carries",
    lambda c, k: _quietly(lambda: c.domain_ctx.items) or k.extend(_carried(lambda: c.domain_ctx.items)),
    lambda k: [value.append(9) for value in k if hasattr(value, "append")],
    inputs=("items.first",),
)
add(
    "write one thing, breach another and catch that",
    lambda c, k: (setattr(c.domain_ctx, "x", 9), _quietly(lambda: setattr(c.domain_ctx, "y", 9))),
    outputs=("x",),
)

# --- seeing what is not declared ----------------------------------------------------------------------------------

seen("read a field that is not declared", lambda c: c.domain_ctx.secret)
seen("`getattr` with a default", lambda c: getattr(c.domain_ctx, "secret", None))
seen("read it, and catch the refusal", lambda c: _quietly(lambda: c.domain_ctx.secret))
seen("`vars(layer)`", lambda c: vars(c.domain_ctx))
seen("`layer.__dict__`", lambda c: c.domain_ctx.__dict__["secret"])
seen("`object.__getattribute__(layer, …)`", lambda c: object.__getattribute__(c.domain_ctx, "secret"))
seen('`"{0.secret}".format(layer)`', lambda c: f"{c.domain_ctx.secret}")
seen("`repr`, `str` and `format` of the layer", lambda c: f"{c.domain_ctx!r} {c.domain_ctx}")
seen("copy the layer", lambda c: copy.copy(c.domain_ctx).secret)
seen("deep-copy the layer", lambda c: copy.deepcopy(c.domain_ctx).secret)
seen("pickle the layer", lambda c: str(pickle.dumps(c.domain_ctx)))
seen("`dataclasses.asdict` of the layer", lambda c: dataclasses.asdict(c.domain_ctx))
seen("return the layer", lambda c: c.domain_ctx)
seen(
    "private names of the context",
    lambda c: [
        getattr(c, n).domain_ctx.secret for n in ("_target", "_target_obj", "_ctx", "_raw", "_system") if hasattr(c, n)
    ],
)
seen(
    "private names of the layer",
    lambda c: _first(lambda: c.domain_ctx._target.secret, lambda: c.domain_ctx._target_obj.secret),
)
seen(
    "private names by `object.__getattribute__`",
    lambda c: _first(*(_private(c.domain_ctx, n) for n in ("_target", "_target_obj", "_core", "_outside"))),
)
seen("every descriptor of the layer's classes", lambda c: _through_descriptors(c.domain_ctx))
seen("every descriptor of the context's classes", lambda c: _through_descriptors(c))
seen("`inspect.getattr_static`", lambda c: _reach(inspect.getattr_static(c.domain_ctx, "secret", None)))
seen("`weakref.proxy` of the layer", lambda c: weakref.proxy(c.domain_ctx).secret)
seen("a sibling of a granted attribute", lambda c: c.domain_ctx.obj.secret, ("obj.value",))
seen("a sibling of a granted key", lambda c: c.domain_ctx.d["secret"], ("d.a",))
seen("all values of a dict of which one key is granted", lambda c: list(c.domain_ctx.d.values()), ("d.a",))
seen("a copy of a dict of which one key is granted", lambda c: dict(c.domain_ctx.d), ("d.a",))
seen(
    "a deep copy of an object of which one attribute is granted",
    lambda c: copy.deepcopy(c.domain_ctx.obj).secret,
    ("obj.value",),
)
seen("return an object of which one attribute is granted", lambda c: c.domain_ctx.obj.secret, ("obj.value",))
seen("`method.__self__`", lambda c: c.domain_ctx.obj.push.__self__.secret, ("obj.value",))

# --- after the transaction ----------------------------------------------------------------------------------------

kept("keep a list", lambda c: c.items, lambda v: v.append(9))
kept("keep a row of a list", lambda c: c.matrix[0], lambda v: v.append(9))
kept("keep a dict", lambda c: c.d, lambda v: v.update(a=9))
kept("keep a view of a dict", lambda c: c.d.values(), lambda v: [i.append(9) for i in v if hasattr(i, "append")])
kept("keep an iterator", lambda c: iter(c.matrix), lambda v: next(v).append(9))
kept("keep a generator over the state", lambda c: (row for row in c.matrix), lambda v: next(v).append(9))
kept(
    "keep an iterator of which half is used up",
    lambda c: (lambda pairs: (next(pairs), pairs)[1])(iter(c.d.items())),
    lambda v: next(v)[1].append(9),
)
kept(
    "keep `enumerate`, `zip`, `map`", lambda c: (enumerate(c.matrix), zip(c.matrix)), lambda v: next(v[0])[1].append(9)
)
kept("keep a `functools.partial`", lambda c: partial(c.items.append, 9), lambda v: v())
kept("keep a bound method", lambda c: c.items.append, lambda v: v(9))
kept("keep an object", lambda c: c.obj, lambda v: setattr(v, "value", 9))
kept("keep a method of an object", lambda c: c.obj.push, lambda v: v(9))
kept("keep the layer", lambda c: c, lambda v: setattr(v, "x", 9))
kept("keep a set, a deque", lambda c: (c.tags, c.queue), lambda v: (v[0].add(9), v[1].append(9)))
kept("keep a bytearray", lambda c: c.raw, lambda v: v.extend(b"z"))
kept("keep a member of a tuple", lambda c: c.tup, lambda v: v[0].append(9))
kept("keep a weak reference to an object", lambda c: (c.obj, weakref.ref(c.obj)), lambda v: v[1]().push(9))
kept(
    "pickle a list and write to what comes back",
    lambda c: pickle.dumps(c.matrix),
    lambda v: _unpickled(v)[0].append(9),
)
add("keep the context", lambda c, k: k.append(c), lambda k: setattr(k[0].domain_ctx, "x", 9), outputs=FIELDS)
add(
    "write from a thread that outlives the run",
    lambda c, k: k.append(_later(lambda: c.domain_ctx.items.append(9))),
    lambda k: k[0](),
    outputs=FIELDS,
)
add(
    "write to what the run returned",
    lambda c, k: c.domain_ctx.matrix,
    lambda k: [row.append(9) for row in k[-1]],
    inputs=FIELDS,
)
add(
    "write to what an error carries",
    lambda c, k: _raise(c.domain_ctx.matrix),
    lambda k: k[-1].args[0][0].append(9),
    inputs=FIELDS,
)
add(
    "keep what was assigned, and write to it",
    lambda c, k: (k.append([1, 2, 3]), setattr(c.domain_ctx, "items", k[0])),
    lambda k: k[0].append(9),
    outputs=FIELDS,
)
add(
    "keep an object that was assigned, and write to it",
    lambda c, k: (k.append(Owner()), setattr(c.domain_ctx, "obj", k[0])),
    lambda k: k[0].push(9),
    outputs=FIELDS,
)
add(
    "keep a list that was appended, and write to it",
    lambda c, k: (c.domain_ctx.matrix.pop(), k.append([2]), c.domain_ctx.matrix.append(k[0])),
    lambda k: k[0].append(9),
    outputs=FIELDS,
)
add(
    "read a field once the run is over",
    lambda c, k: k.append(c.domain_ctx),
    lambda k: k.append(k[0].items and SECRET),
    inputs=FIELDS,
)

# --- before a declared error --------------------------------------------------------------------------------------

undone("assign a number", lambda c: setattr(c, "x", 9))
undone("append to rows while iterating", lambda c: [row.append(9) for row in c.matrix])
undone("append to what `pop` gave", lambda c: (c.matrix.pop(0).append(9), c.d.pop("n").append(9)))
undone("append to what `setdefault` gave", lambda c: c.d.setdefault("n", []).append(9))
undone("append to what `values()` gave", lambda c: [v.append(9) for v in c.d.values() if hasattr(v, "append")])
undone("change an object in a list", lambda c: setattr(c.objs[0], "value", 9))
undone("call a method that writes to an inner list", lambda c: c.obj.push(9))
undone("change a set, a deque, a bytearray", lambda c: (c.tags.add(9), c.queue.append(9), c.raw.extend(b"z")))
undone("`+=` and `|=` of fields", lambda c: _augmented(c))
undone("change a list in a tuple", lambda c: c.tup[0].append(9))
undone("write from a thread, then fail", lambda c: _in_thread(lambda: c.items.append(9)))
undone("an update that breaks off half-way", lambda c: c.d.update(_breaks_off()))


def _in_thread(act):
    thread = threading.Thread(target=lambda: _quietly(act))
    thread.start()
    thread.join()


def _later(act):
    go = threading.Event()
    thread = threading.Thread(target=lambda: (go.wait(5), _quietly(act)), daemon=True)
    thread.start()

    def finish():
        go.set()
        thread.join(5)

    return finish


def _quietly(act):
    try:
        return act()
    except Exception:  # noqa: BLE001 (that is the attempt)
        return None


def _carried(act):
    try:
        act()
    except Exception as error:  # noqa: BLE001 (that is the attempt)
        return list(vars(error).values())
    return []


def _augmented(c):
    c.items += [9]
    c.d |= {"a": 9}
    c.tags |= {9}
    c.queue += [9]
    c.raw += b"z"
    c.obj.items += [9]


def _first(*acts):
    return [_quietly(act) for act in acts]


def _private(value, name):
    return lambda: _reach(object.__getattribute__(value, name))


def _reach(value):
    return [
        _quietly(lambda: value.raw.secret),
        _quietly(lambda: value.secret),
        _quietly(lambda: value.domain_ctx.secret),
        value,
    ]


def _through_descriptors(value):
    found = []
    for cls in type(value).__mro__:
        for name, member in cls.__dict__.items():
            if hasattr(type(member), "__get__") and not inspect.isfunction(member) and name != "__class__":
                found.append(_quietly(lambda member=member: _reach(member.__get__(value))))
    return found


def _unpickled(value):
    return pickle.loads(value)  # noqa: S301 (made by the attempt)


def _shuffled(items, seed):
    random.Random(seed).shuffle(items)  # noqa: S311 (no secret)


def _raise(value):
    raise Stop(value)


def _breaks_off():
    yield "k", 1
    raise Stop
