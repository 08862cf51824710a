"""Arithmetic with decimal strings, exact or not at all.

A decimal is a text of the format `decimal`, with at most 40 characters: `12.50` has the scale 2. What comes in and what
goes out is of that form, so every number here is a whole number of units of 10^-40.

Laws:
* an answer is the number of mathematics, to the last digit; only `divide` and `round`, which say how, ever round;
* the scale says how exact a number is, and is kept: that of a sum is the greater of both, that of a product their sum;
* what takes more than 40 characters is OUT_OF_RANGE, and never shortened;
* numbers compare by what they are, whatever their scale: `1.50` is `1.5`; zero has no sign.
"""

from __future__ import annotations

from pgs_snapshot.values import MAX_INTEGER, Outcome, Value

_PLACES = 40
_UNIT = 10**40


def add_decimals(left: str, right: str) -> dict[str, Value] | Outcome:
    """`left + right`: `result`, or OUT_OF_RANGE."""
    return _exact(_units(left) + _units(right), max(_scale(left), _scale(right)))


def subtract_decimals(left: str, right: str) -> dict[str, Value] | Outcome:
    """`left - right`: `result`, or OUT_OF_RANGE."""
    return _exact(_units(left) - _units(right), max(_scale(left), _scale(right)))


def multiply_decimals(left: str, right: str) -> dict[str, Value] | Outcome:
    """`left * right`: `result`, or OUT_OF_RANGE."""
    product, rest = divmod(_units(left) * _units(right), _UNIT)
    return Outcome("OUT_OF_RANGE") if rest else _exact(product, _scale(left) + _scale(right))


def divide_decimals(left: str, right: str, scale: int, rounding: str) -> dict[str, Value] | Outcome:
    """`left / right` at a scale: `result`, DIVISION_BY_ZERO or OUT_OF_RANGE.

    Args:
        left: what is divided.
        right: by what.
        scale: digits behind the point, 0 to 30.
        rounding: HALF_EVEN, HALF_UP (away from zero), DOWN (to zero), UP (away from it), FLOOR or CEILING.
    """
    dividend, divisor = _units(left), _units(right)
    if divisor == 0:
        return Outcome("DIVISION_BY_ZERO")
    return _rounded(dividend * 10**scale, divisor, scale, rounding)


def round_decimal(value: str, scale: int, rounding: str) -> dict[str, Value] | Outcome:
    """The number at another scale: `result`, or OUT_OF_RANGE. A greater scale adds zeros."""
    return _rounded(_units(value) * 10**scale, _UNIT, scale, rounding)


def add_up_decimals(numbers: list[str]) -> dict[str, Value] | Outcome:
    """The sum of a list, `0` if it is empty: `result`, or OUT_OF_RANGE."""
    return _exact(sum(_units(number) for number in numbers), max((_scale(number) for number in numbers), default=0))


def compare_decimals(left: str, right: str) -> dict[str, Value]:
    """How one number stands to another: `order`, which is LESS, EQUAL or GREATER."""
    first, second = _units(left), _units(right)
    if first == second:
        return {"order": "EQUAL"}
    return {"order": "LESS" if first < second else "GREATER"}


def decimal_to_units(value: str, scale: int) -> dict[str, Value] | Outcome:
    """An amount as a whole number of its smallest units: `units`; NOT_EXACT if some of it is left, or OUT_OF_RANGE."""
    whole, _, fraction = value.partition(".")
    if len(fraction.rstrip("0")) > scale:
        return Outcome("NOT_EXACT")
    units = int(whole + fraction.ljust(40, "0")[:scale])
    return {"units": units} if -MAX_INTEGER <= units <= MAX_INTEGER else Outcome("OUT_OF_RANGE")


def units_to_decimal(units: int, scale: int) -> dict[str, Value]:
    """A whole number of smallest units as an amount with `scale` digits behind the point: `value`."""
    digits = str(abs(units)).zfill(40)
    sign = "-" if units < 0 else ""
    point = "." if scale else ""
    return {"value": f"{sign}{digits[: 40 - scale].lstrip('0') or '0'}{point}{digits[40 - scale :]}"}


def _units(number: str) -> int:
    """A number in units of 10^-40."""
    whole, _, fraction = number.partition(".")
    return int(whole + fraction.ljust(40, "0"))


def _scale(number: str) -> int:
    return len(number.partition(".")[2])


def _text(units: int, scale: int) -> str:
    digits = str(abs(units)).zfill(41)
    sign = "-" if units < 0 else ""
    point = "." if scale else ""
    return f"{sign}{digits[:-40]}{point}{digits[-40:][:scale]}"


def _exact(units: int, scale: int) -> dict[str, Value] | Outcome:
    text = _text(units, scale)
    return {"result": text} if len(text) <= _PLACES else Outcome("OUT_OF_RANGE")


def _rounded(dividend: int, divisor: int, scale: int, rounding: str) -> dict[str, Value] | Outcome:
    """`dividend / divisor` in units of 10^-scale, at that scale."""
    negative = (dividend < 0) != (divisor < 0)
    amount, rest = divmod(abs(dividend), abs(divisor))
    twice = 2 * rest
    up = {
        "HALF_EVEN": twice > abs(divisor) or (twice == abs(divisor) and amount % 2 == 1),
        "HALF_UP": twice >= abs(divisor),
        "DOWN": False,
        "UP": rest > 0,
        "FLOOR": rest > 0 and negative,
        "CEILING": rest > 0 and not negative,
    }[rounding]
    amount = amount + 1 if up else amount
    return _exact((-amount if negative else amount) * 10 ** (_PLACES - scale), scale)
