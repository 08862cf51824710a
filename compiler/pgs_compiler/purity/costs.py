"""What calls cost, as far as it is known: the ground that `bounded` stands on.

FLAT takes no longer for larger inputs; EACH takes time in proportion to its arguments and gives nothing larger.
What is in neither may take any time or memory, and belongs to the worker.
"""

from __future__ import annotations

from pgs_snapshot.sealed_code.pure import names

FLAT = names(
    "builtins.abs builtins.bool builtins.callable builtins.chr builtins.divmod builtins.float builtins.getattr"
    " builtins.hasattr builtins.int builtins.isinstance builtins.issubclass builtins.iter builtins.len"
    " builtins.next builtins.object builtins.ord builtins.round builtins.type collections.defaultdict"
    " collections.deque datetime.date datetime.date.fromisoformat datetime.datetime datetime.datetime.combine"
    " datetime.datetime.fromisoformat datetime.datetime.strptime datetime.time datetime.time.fromisoformat"
    " datetime.timedelta datetime.timezone calendar.isleap calendar.monthrange calendar.weekday math.ceil"
    " math.copysign math.fabs math.floor math.gcd math.hypot math.isclose math.isfinite math.isinf math.isnan"
    " math.log math.log10 math.log2 math.sqrt math.trunc pgs_snapshot.values.Outcome typing.cast"
    " unicodedata.category unicodedata.combining builtins.ArithmeticError builtins.AssertionError"
    " builtins.IndexError builtins.KeyError builtins.LookupError builtins.NotImplementedError"
    " builtins.OverflowError builtins.TypeError builtins.ValueError builtins.ZeroDivisionError"
)
EACH = names(
    "base64.b64decode base64.b64encode base64.urlsafe_b64decode base64.urlsafe_b64encode binascii.crc32"
    " binascii.hexlify binascii.unhexlify builtins.all builtins.any builtins.bytes.fromhex builtins.dict"
    " builtins.dict.fromkeys builtins.enumerate builtins.frozenset builtins.list builtins.max builtins.min"
    " builtins.repr builtins.reversed builtins.set builtins.sorted builtins.str builtins.sum builtins.tuple"
    " builtins.zip collections.Counter copy.copy copy.deepcopy hashlib.blake2b hashlib.blake2s hashlib.md5"
    " hashlib.new hashlib.sha1 hashlib.sha224 hashlib.sha256 hashlib.sha384 hashlib.sha3_256 hashlib.sha3_512"
    " hashlib.sha512 hmac.compare_digest hmac.digest hmac.new html.escape itertools.chain itertools.islice"
    " itertools.pairwise itertools.zip_longest json.dumps json.loads math.fsum pgs_snapshot.canonical.canonical"
    " pgs_snapshot.canonical.digest pgs_snapshot.canonical.digest_of pgs_snapshot.values.plain"
    " pgs_snapshot.values.same types.MappingProxyType uuid.UUID uuid.uuid3 uuid.uuid5 zlib.adler32 zlib.crc32"
)
BY_THE_SMALLER = frozenset({"hmac.compare_digest", "pgs_snapshot.values.same"})
"""Calls that take no longer than their smaller argument allows."""

FLAT_METHODS = names(
    "add append as_integer_ratio astimezone bit_length date get is_integer isocalendar isoformat isoweekday month"
    " popitem timetz toordinal total_seconds utcoffset weekday year"
)
EACH_METHODS = names(
    "capitalize casefold clear copy decode difference digest discard encode endswith extend hex hexdigest index"
    " insert intersection isalnum isalpha isascii isdecimal isdigit isdisjoint isidentifier islower isnumeric"
    " isprintable isspace issubset issuperset istitle isupper items keys lower lstrip partition pop remove"
    " removeprefix removesuffix reverse rpartition rsplit rstrip setdefault sort split splitlines startswith strip"
    " swapcase symmetric_difference title union update upper values"
)
"""Of texts, lists, dicts, sets, digests and times: whatever else has a method of such a name is made by a call that is
known, or is of the author's own classes, which go to the worker."""

WITH_FIXED_TEXT = frozenset({"count", "find", "join", "rfind", "strftime"})
"""Methods that take time in proportion if the text that they look for or put in between is written out."""
WITH_FIXED_WIDTH = frozenset({"center", "ljust", "rjust", "zfill"})
MOST_WIDTH = 1_000
MOST_GROWTH = 12
"""How often a transform may put texts or lists together: each may double what there is."""
