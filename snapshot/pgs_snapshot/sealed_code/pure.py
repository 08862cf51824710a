"""What the code of a transform may name: builtins, modules, and names of these modules.

Laws:
* whatever is not listed is refused, by the compiler when it is written and at run time when it is reached;
* nothing listed reads a clock, chance, the environment, files or the machine, or keeps state between calls;
* what of it can still differ (the order of sets, addresses in texts) is the compiler's to see.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def names(text: str) -> frozenset[str]:
    """The words of a text: a long list reads better so."""
    return frozenset(text.split())


ALL = frozenset({"*"})
"""Every public name of a module."""

_VALUES = """
    abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict divmod enumerate filter float
    format frozenset getattr hasattr hex int isinstance issubclass iter len list map max min next object oct ord
    pow property range repr reversed round set slice sorted staticmethod str sum super tuple type zip
    Ellipsis False None NotImplemented True
"""
_EXCEPTIONS = """
    ArithmeticError AssertionError AttributeError BaseException Exception FloatingPointError IndexError KeyError
    LookupError NotImplementedError OverflowError RecursionError RuntimeError StopIteration TypeError UnicodeDecodeError
    UnicodeEncodeError UnicodeError ValueError ZeroDivisionError
"""
BUILTINS = names(_VALUES + _EXCEPTIONS)
"""Builtins that code may name."""

MACHINERY = frozenset({"__build_class__", "__debug__"})
"""Builtins that statements use without naming them."""


MODULES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "__future__": ALL,
        "abc": names("ABC abstractmethod"),
        "base64": names(
            "a85decode a85encode b16decode b16encode b32decode b32encode b32hexdecode b32hexencode b64decode b64encode"
            " b85decode b85encode standard_b64decode standard_b64encode urlsafe_b64decode urlsafe_b64encode"
        ),
        "binascii": names("a2b_base64 a2b_hex b2a_base64 b2a_hex crc32 crc_hqx hexlify unhexlify Error"),
        "bisect": ALL,
        "calendar": names("isleap leapdays monthrange timegm weekday"),
        "collections": names("ChainMap Counter OrderedDict defaultdict deque namedtuple"),
        "collections.abc": ALL,
        "contextlib": names("suppress"),
        "copy": names("copy deepcopy replace"),
        "dataclasses": ALL,
        "datetime": names("MAXYEAR MINYEAR UTC date datetime time timedelta timezone tzinfo"),
        "decimal": names(
            "Clamped Context ConversionSyntax Decimal DecimalException DecimalTuple DivisionByZero DivisionImpossible"
            " DivisionUndefined FloatOperation Inexact InvalidContext InvalidOperation MAX_EMAX MAX_PREC MIN_EMIN"
            " Overflow ROUND_05UP ROUND_CEILING ROUND_DOWN ROUND_FLOOR ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP"
            " ROUND_UP Rounded Subnormal Underflow localcontext"
        ),
        "difflib": names("SequenceMatcher get_close_matches ndiff unified_diff"),
        "enum": ALL,
        "fractions": names("Fraction"),
        "functools": names("cmp_to_key partial partialmethod reduce total_ordering wraps"),
        "graphlib": names("CycleError TopologicalSorter"),
        "hashlib": names(
            "blake2b blake2s md5 new sha1 sha224 sha256 sha384 sha3_224 sha3_256 sha3_384 sha3_512 sha512"
            " shake_128 shake_256 pbkdf2_hmac"
        ),
        "heapq": ALL,
        "hmac": names("HMAC compare_digest digest new"),
        "html": names("escape unescape"),
        "ipaddress": ALL,
        "itertools": ALL,
        "json": names("JSONDecodeError dumps loads"),
        "math": ALL,
        "numbers": ALL,
        "operator": ALL,
        "pgs_process": names("process"),
        "pgs_snapshot.canonical": names("canonical digest digest_of"),
        "pgs_snapshot.values": names("MAX_DEPTH MAX_INTEGER NotPlain Outcome Value plain same"),
        "re": names(
            "A ASCII DOTALL I IGNORECASE M MULTILINE Match NOFLAG Pattern RegexFlag S U UNICODE VERBOSE X compile error"
            " escape findall finditer fullmatch match search split sub subn"
        ),
        "statistics": ALL,
        "string": names(
            "Template ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits printable"
            " punctuation whitespace"
        ),
        "struct": names("Struct calcsize error iter_unpack pack unpack unpack_from"),
        "textwrap": ALL,
        "types": names("GenericAlias MappingProxyType NoneType SimpleNamespace UnionType"),
        "typing": ALL,
        "unicodedata": ALL,
        "urllib.parse": names(
            "ParseResult SplitResult parse_qs parse_qsl quote quote_plus unquote unquote_plus urldefrag urlencode"
            " urljoin urlparse urlsplit urlunparse urlunsplit"
        ),
        "uuid": names("NAMESPACE_DNS NAMESPACE_OID NAMESPACE_URL NAMESPACE_X500 UUID uuid3 uuid5"),
        "zlib": names("adler32 crc32"),
    }
)
"""Modules that code may import, each with the names that it may use of them."""


def offers(module: str, name: str) -> bool:
    """Whether a name of a module is among those that may be used; `module` has to be one of `MODULES`."""
    names = MODULES[module]
    return name in names or (names is ALL and not name.startswith("_")) or f"{module}.{name}" in MODULES


def leads_to(module: str) -> bool:
    """Whether a package is only there because a module in it is listed, as `urllib` is."""
    return any(known.startswith(f"{module}.") for known in MODULES)
