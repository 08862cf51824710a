"""What the library raises, as one refusal with a code, a place, a hint and an exit code."""

from __future__ import annotations

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.stores.errors import StoreBusy, StoreUnusable
from pgs_snapshot.jsontext import JsonRefused
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.signing import KeyRefused
from pgs_snapshot.trust_files import TrustRefused

# What is usually meant, where compiling is the answer; after any other broken seal it would hide what happened.
_MEND = {"Z901": "Compile one: `pgs_compiler compile`.", "Z912": "If the change is meant, compile again."}
HANDLED = (Refusal, SealBroken, StoreBusy, StoreUnusable, JsonRefused, KeyRefused, TrustRefused)


def refusal_of(
    error: Refusal | SealBroken | StoreBusy | StoreUnusable | JsonRefused | KeyRefused | TrustRefused,
) -> Refusal:
    """The refusal that an exception of the library stands for."""
    match error:
        case Refusal():
            left = " ".join(filter(None, (error.hint, _resume(error))))
            return error if left == error.hint else _told(error, left)
        case SealBroken():
            return Refusal(error.code, error.message, ExitCode.SEAL, error.path, _MEND.get(error.code, ""))
        case KeyRefused():
            return Refusal(error.code, error.message, ExitCode.USAGE, hint=error.hint)
        case TrustRefused():
            return Refusal(error.code, error.message, ExitCode.SEAL, error.path)
        case StoreUnusable():
            message = f"{str(error).removesuffix('.')} [{error.cause}]."
            return Refusal("R040", message, ExitCode.STORE, hint=" ".join(filter(None, (error.hint, _resume(error)))))
        case StoreBusy():
            return Refusal("R041", str(error), ExitCode.BUSY, hint=_resume(error) or "Try again.")
        case JsonRefused():
            where = error.pointer
            if where is None:
                where = f"line {error.line}, column {error.column}" if error.line else ""
            return Refusal(error.code, f"The JSON is refused: {error.why}.", ExitCode.REJECTED, where)


def _told(error: Refusal, hint: str) -> Refusal:
    return Refusal(error.code, error.message, error.exit_code, error.where, hint)


def _resume(error: Exception) -> str:
    """What goes on with the run that was left in the middle, if one was."""
    runs = dict.fromkeys(getattr(error, "__notes__", ()))
    return " ".join(f"To go on: `pgs_runtime resume {run}`." for run in runs)
