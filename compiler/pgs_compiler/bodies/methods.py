"""What Python's own containers and functions do to what they are called on or given."""

from __future__ import annotations

from pgs_snapshot.sealed_code.pure import names

CHANGE = names(
    "add append appendleft clear difference_update discard extend extendleft insert intersection_update move_to_end pop"
    " popitem popleft remove reverse rotate setdefault sort subtract symmetric_difference_update update __setitem__"
    " __delitem__ __iadd__ __ior__ __iand__ __isub__ __ixor__ __imul__"
)
"""Methods that change what they are called on."""

HAND_OUT = names("get pop popitem popleft setdefault __getitem__ values items __iter__ __reversed__")
"""Methods whose answer is a part of what they are called on."""

COPY = names("copy union intersection difference symmetric_difference __add__ __or__ __and__")
"""Methods whose answer has the same members."""

TELL = names(
    "keys count index isdisjoint issubset issuperset startswith endswith upper lower strip lstrip rstrip split rsplit"
    " splitlines join replace title capitalize casefold swapcase find rfind rindex partition rpartition encode decode"
    " isdigit isdecimal isnumeric isalpha isalnum isspace isupper islower istitle isidentifier isprintable isascii"
    " zfill ljust rjust center format translate removeprefix removesuffix expandtabs hex bit_length bit_count"
    " is_integer as_integer_ratio conjugate quantize to_integral_value normalize isoformat strftime timestamp date"
    " time weekday isoweekday total_seconds tobytes tolist __contains__ __len__ __eq__ __ne__ __lt__ __le__ __gt__"
    " __ge__ __bool__ __str__ __repr__"
)
"""Methods that only look, and give something of their own."""

CHANGE_FIRST = names(
    "bisect.insort bisect.insort_left bisect.insort_right heapq.heapify heapq.heappop heapq.heappush heapq.heappushpop"
    " heapq.heapreplace operator.delitem operator.iadd operator.setitem random.shuffle operator.ior operator.isub"
)
"""Functions that change their first argument."""

CLASS_METHODS = names(
    "list.append list.extend list.insert list.clear list.pop list.remove list.sort list.reverse dict.update dict.clear"
    " dict.pop dict.popitem dict.setdefault dict.__setitem__ dict.__delitem__ list.__setitem__ list.__delitem__"
    " set.add set.discard set.remove set.update set.clear set.pop"
)
"""Methods of Python's classes that are called with what they change as the first argument."""

SHARE = names(
    "builtins.list builtins.tuple builtins.set builtins.frozenset builtins.dict builtins.sorted copy.copy"
    " collections.deque collections.OrderedDict collections.Counter collections.defaultdict collections.ChainMap"
    " dataclasses.replace itertools.chain"
)
"""Functions whose answer is new, with the members of what they were given."""

LATER = names("builtins.iter builtins.reversed builtins.map builtins.filter builtins.zip builtins.enumerate")
"""Functions whose answer reads what they were given when it is used itself."""

PICK = names("builtins.max builtins.min builtins.next functools.reduce")
"""Functions whose answer is a member of what they were given."""

QUIET = names(
    "abs all any bool dict divmod enumerate filter format frozenset isinstance issubclass iter len list map print range"
    " repr reversed round set sorted str sum tuple type zip getattr hasattr setattr callable max min"
)
"""Builtins of which nobody expects that they raise."""

ROUND_THE_GUARD = names(
    "gc ctypes cffi sys._getframe sys._current_frames sys.settrace sys.setprofile inspect.currentframe inspect.stack"
    " inspect.trace inspect.getouterframes inspect.getinnerframes inspect.getattr_static builtins.vars"
    " object.__getattribute__ object.__setattr__ object.__delattr__ builtins.object.__getattribute__"
    " builtins.object.__setattr__ builtins.object.__delattr__ pickle marshal weakref"
)
"""What leads past attributes, where no guard stands."""

UNREADABLE = names(
    "builtins.eval builtins.exec builtins.compile builtins.__import__ builtins.globals builtins.locals importlib runpy"
)
"""What runs or names things that do not stand in the source."""

BESIDE = names(
    "threading multiprocessing concurrent _thread asyncio.create_task asyncio.ensure_future asyncio.to_thread"
)
"""What runs beside the body, and may outlive it."""

INSIDES = names(
    "__closure__ __globals__ __code__ __dict__ __self__ __func__ __builtins__ __subclasses__ __getattribute__"
    " __setattr__ __delattr__ __reduce__ __reduce_ex__ __getstate__ __mro__ __bases__ __wrapped__ ag_frame cr_frame"
    " f_back f_builtins f_globals f_locals gi_frame tb_frame tb_next cell_contents"
)
"""Attributes that lead past the guard."""
