"""settle: an external effect that was intended in, how it ended out. Here the machine is left.

Laws:
* nothing is asked that was not recorded as intended, and every try has the same key;
* what may have happened is asked again only as the binding says: under its key, or after it was looked up;
* what nobody knows in the end is said to be in doubt, and never taken for done or not done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TypeAlias

from pgs_runtime.core.requests import Effect
from pgs_runtime.faults import Refusal
from pgs_snapshot.external import NOT_FOUND, InDoubt, NotDone
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Policy
from pgs_snapshot.values import Outcome, Value

TRIES = 3  # of what certainly did not take place, where the binding names no number
AT_ONCE = 8  # effects that are asked for side by side
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between two tries; each is twice as long as the one before
GRACE = 2.0  # seconds beyond its time that an implementation gets to say so itself


@frozen
class Settled:
    """How an effect ended: an outcome, or None and why it is in doubt."""

    outcome: Outcome | None
    why: str = ""


@frozen
class Wanted:
    """An effect to settle. `doubtful`: it was asked for before, and nobody knows what came of it."""

    effect: Effect
    key: str
    policy: Policy
    doubtful: bool


Sleep: TypeAlias = Callable[[float], None]


def settle_all(wanted: Sequence[Wanted], timeout: float, sleep: Sleep) -> tuple[Settled, ...]:
    """Settle effects, some of them at once; the answers stand in the order of what was wanted.

    Args:
        timeout: seconds that one try may take.
        sleep: waits between tries, for seconds.
    """
    if len(wanted) == 1:
        return (settle(wanted[0], timeout, sleep),)
    pool = ThreadPoolExecutor(min(AT_ONCE, len(wanted)))
    try:
        return tuple(pool.map(lambda each: settle(each, timeout, sleep), wanted))
    finally:  # whoever interrupts this does not wait for answers that nobody records
        pool.shutdown(wait=False, cancel_futures=True)


def longest(wanted: Sequence[Wanted], timeout: float) -> float:
    """The seconds after which all of these are settled, whatever happens."""
    tries = max((each.policy.attempts or TRIES for each in wanted), default=0)
    return (2 * tries * (timeout + GRACE + LONGEST_PAUSE)) * -(-len(wanted) // AT_ONCE)


def settle(wanted: Wanted, timeout: float, sleep: Sleep) -> Settled:
    """Ask for an effect until it is known how it ended, or as often as its policy allows."""
    effect, policy = wanted.effect, wanted.policy
    doubt = "It was asked for, and the process ended before the answer was recorded." if wanted.doubtful else ""
    pause, why = FIRST_PAUSE, doubt
    for number in range(policy.attempts or TRIES):
        if number:
            sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        try:
            if doubt and policy.unknown == "lookup" and policy.lookup is not None:
                found = _tried(effect, policy.lookup, wanted.key, effect.inputs, timeout)
                if found.name != NOT_FOUND:
                    return Settled(found)
                doubt = ""
        except (NotDone, InDoubt) as told:  # it has been looked for, and not found out
            why = told.why
            continue
        if doubt and policy.unknown != "retry":
            break
        try:
            return Settled(_tried(effect, effect.step.operation, wanted.key, effect.inputs, timeout))
        except NotDone as told:
            why = told.why
        except InDoubt as told:
            doubt = why = told.why
            if policy.unknown == "suspend":
                break
    return Settled(None, why)


def _tried(effect: Effect, operation: str, key: str, inputs: dict[str, Value], timeout: float) -> Outcome:
    """One try, for so many seconds. A fault of the implementation leaves the effect in doubt.

    Raises:
        NotDone, InDoubt: by the implementation, or because it did not come back.
    """
    answers: SimpleQueue[Outcome | Refusal | NotDone | InDoubt] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(effect.step.send(operation, key, inputs))
        except (Refusal, NotDone, InDoubt) as told:
            answers.put(told)

    threading.Thread(target=ask, name=f"effect {key[:8]}", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout + GRACE)
    except Empty:
        raise InDoubt("No answer came in the time that a try may take.") from None
    if isinstance(answer, Outcome):
        return answer
    if isinstance(answer, Refusal):
        raise InDoubt(answer.message) from answer
    raise answer
