"""What to declare instead of what a transform must not reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """`does` completes "`time.time` …"; `instead` is a sentence, or ""."""

    does: str
    instead: str


_CLOCK = Advice("reads the clock", "Take the time as an input, and bind it to `$.run.time`.")
_CHANCE = Advice(
    "draws by chance",
    "Take what is drawn as an input, from a side effect; `core::CT_GENERATE_ID_V0` makes identifiers from content.",
)
_MACHINE = Advice(
    "reads the environment", "Declare it under `config` of the binding, and bind an input to `$.config.<name>`."
)
_OUTPUT = Advice("writes where nobody looks", "Return it: the trace records what every step was given and gave.")
_OUTSIDE = Advice(
    "reaches outside of the run",
    "Declare it as an operation of a side effect, and take what that gives as an input.",
)
_THREADS = Advice("starts something that runs beside the transform", "Compute it in the function itself.")
_CODE = Advice("runs code that nobody has read", "Write the code out, or choose among functions in a table.")
_INSIDES = Advice("looks into Python's own workings", "")
_STATE = Advice("keeps something from one call to the next", "Compute it anew, or take it as an input.")
_MEMORY = Advice("gives where something lies in memory", "Compare values, or sort by what is in them.")
_HASH = Advice("differs from process to process", "Take `hashlib.sha256`, or `core::CT_GENERATE_ID_V0`.")
_LOCALE = Advice("depends on the locale", "Write the form out, or take it as an input.")
_ZONES = Advice("reads the time zones of the machine", "Take the offset from UTC as an input.")
_CONTEXT = Advice(
    "depends on settings of the process", "Hand a `Context(prec=…, rounding=…)` to the operation that needs it."
)
_CALLER = Advice("asks a person", "Take it as an input of the transform.")
_ENGINE = Advice("is for side effects and the engine", "")

_BY_ADVICE: tuple[tuple[Advice, str], ...] = (
    (
        _CLOCK,
        "time datetime.now datetime.today datetime.utcnow datetime.datetime.now datetime.datetime.today"
        " datetime.datetime.utcnow datetime.date.today datetime.datetime.ctime sched timeit",
    ),
    (_CHANCE, "random secrets uuid os.urandom os.getrandom numpy.random"),
    (
        _MACHINE,
        "os.environ os.getenv os.environb sys.argv sys.platform sys.path sys.stdin platform getpass pwd grp"
        " sysconfig site os.getpid os.cpu_count os.uname os.getcwd argparse optparse configparser resource",
    ),
    (_OUTPUT, "builtins.print logging warnings sys.stdout sys.stderr syslog pprint.pprint"),
    (
        _OUTSIDE,
        "builtins.open os io pathlib shutil tempfile glob fileinput socket ssl http urllib.request urllib.error"
        " requests httpx aiohttp ftplib smtplib imaplib poplib subprocess sqlite3 dbm shelve mmap fcntl select"
        " webbrowser csv zipfile tarfile gzip bz2 lzma xmlrpc socketserver codecs.open signal pty psycopg"
        " sqlalchemy",
    ),
    (_THREADS, "threading multiprocessing concurrent asyncio queue _thread contextvars sched atexit weakref"),
    (
        _CODE,
        "builtins.eval builtins.exec builtins.compile builtins.__import__ importlib runpy pkgutil code codeop ast"
        " pickle marshal builtins.breakpoint pdb ctypes cffi",
    ),
    (
        _INSIDES,
        "builtins.globals builtins.locals builtins.vars builtins.dir builtins.setattr builtins.delattr sys"
        " inspect gc builtins.memoryview traceback tracemalloc dis builtins.__builtins__ builtins.__file__"
        " builtins.__name__ builtins.__spec__ builtins.__loader__ builtins.__package__ builtins.__path__"
        " builtins.help builtins.exit builtins.quit operator.attrgetter operator.methodcaller",
    ),
    (_STATE, "functools.lru_cache functools.cache functools.cached_property"),
    (_MEMORY, "builtins.id"),
    (_HASH, "builtins.hash"),
    (_LOCALE, "locale gettext re.LOCALE re.L calendar datetime.datetime.strftime"),
    (_ZONES, "zoneinfo pytz dateutil.tz"),
    (
        _CONTEXT,
        "decimal.getcontext decimal.setcontext decimal.DefaultContext decimal.BasicContext decimal.ExtendedContext",
    ),
    (_CALLER, "builtins.input"),
    (_ENGINE, "pgs_snapshot pgs_runtime pgs_compiler"),
)
_ADVICE = {name: advice for advice, names in _BY_ADVICE for name in names.split()}
_UNKNOWN = Advice("is not among what a transform may use", "")


def advice(origin: str) -> Advice:
    """What is known of a full name: that of the name itself, else of the module that it lies in."""
    while origin:
        if origin in _ADVICE:
            return _ADVICE[origin]
        origin = origin.rpartition(".")[0]
    return _UNKNOWN
