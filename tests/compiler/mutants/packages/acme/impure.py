"""Functions that look like transforms and are not: each does one thing that a replay could not repeat."""

import os
import random
import time
import uuid
from datetime import datetime
from pathlib import Path

_SEEN = {}


def reads_the_clock(**inputs):
    return {"result": time.time()}


def asks_what_day_it_is(**inputs):
    return {"result": datetime.now().isoformat()}


def draws_lots(**inputs):
    return {"result": random.random()}  # noqa: S311


def makes_an_identifier(**inputs):
    return {"result": str(uuid.uuid4())}


def looks_around(**inputs):
    return {"result": os.environ.get("HOME")}


def reads_a_file(**inputs):
    return {"result": Path("/etc/hostname").read_text()}


def opens_a_file(**inputs):
    return {"result": open("/etc/hostname").read()}


def remembers(**inputs):
    _SEEN[len(_SEEN)] = inputs
    return {"result": len(_SEEN)}


def depends_on_an_order(**inputs):
    return {"result": list({"a", "b", "c", "d"})}


def prints(**inputs):
    print(inputs)
    return {"result": 1}


def never_ends(**inputs):
    while True:
        pass


def evaluates(**inputs):
    return {"result": eval("1 + 1")}  # noqa: S307
