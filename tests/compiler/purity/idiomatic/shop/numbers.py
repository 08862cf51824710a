"""Numbers: checked, rounded, taken apart."""

from __future__ import annotations

import math
import operator
import statistics
from decimal import ROUND_HALF_EVEN, ROUND_UP, Context, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from functools import partial, reduce

CENT = Decimal("0.01")
_EURO = Context(prec=20, rounding=ROUND_HALF_EVEN)
RATES = {"standard": Decimal("0.19"), "reduced": Decimal("0.07")}
LADDER = ((0, 0), (10_000, 10), (50_000, 25))

_halve = partial(operator.floordiv, 2)


def vat(net: str, kind: str) -> dict[str, str]:
    tax = (Decimal(net) * RATES[kind]).quantize(CENT, rounding=ROUND_HALF_EVEN)
    return {"tax": str(tax)}


def luhn(number: str) -> dict[str, bool]:
    total = 0
    for index, letter in enumerate(reversed(number)):
        digit = int(letter)
        if index % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return {"valid": total % 10 == 0}


def iban_check(iban: str) -> dict[str, bool]:
    moved = iban[4:] + iban[:4]
    return {"valid": int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1}


def tiered(amount: int) -> dict[str, int]:
    rate = 0
    for threshold, percent in LADDER:
        if amount >= threshold:
            rate = percent
    return {"fee": amount * rate // 100}


def product(factors: list[int]) -> dict[str, int]:
    return {"product": reduce(operator.mul, factors, 1)}


def average(values: list[int]) -> dict[str, float]:
    return {"mean": statistics.fmean(values) if values else 0.0}


def middle(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values)}


def hypotenuse(a: float, b: float) -> dict[str, float]:
    return {"c": math.sqrt(a**2 + b**2)}


def shares(total: int, parts: int) -> dict[str, list[int]]:
    each, rest = divmod(total, parts)
    return {"shares": [each + (1 if index < rest else 0) for index in range(parts)]}


def ratio(a: int, b: int) -> dict[str, str]:
    return {"ratio": str(Fraction(a, b))}


def decimal_or_none(text: str) -> dict[str, str | None]:
    try:
        return {"value": str(Decimal(text).quantize(CENT))}
    except InvalidOperation:
        return {"value": None}


def growth(rate: str, years: int) -> dict[str, str]:
    with localcontext(_EURO) as context:
        context.prec = 28
        return {"factor": str((1 + Decimal(rate)) ** years)}


def rounded_up(amount: str) -> dict[str, str]:
    return {"amount": str(Decimal(amount).quantize(Decimal(1), rounding=ROUND_UP))}


def clamp(value: int, least: int, most: int) -> dict[str, int]:
    return {"value": max(least, min(most, value))}


def gcd_of(values: list[int]) -> dict[str, int]:
    return {"gcd": math.gcd(*values)}


def digits(number: int) -> dict[str, list[int]]:
    found: list[int] = []
    while number:
        number, digit = divmod(number, 10)
        found.append(digit)
    return {"digits": found[::-1]}


def total(items: list[dict[str, int]]) -> dict[str, int]:
    return {"total": sum(item["amount"] * item.get("count", 1) for item in items)}


def percent(part: int, whole: int) -> dict[str, str]:
    return {"percent": f"{part / whole:.1%}" if whole else "n/a"}


def binary(number: int) -> dict[str, str]:
    return {"bits": format(number, "08b"), "hex": hex(number)}


def mask(flags: list[int]) -> dict[str, int]:
    value = 0
    for flag in flags:
        value |= 1 << flag
    return {"mask": value}
