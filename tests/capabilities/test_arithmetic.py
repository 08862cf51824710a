"""Integers and decimal strings: the numbers of mathematics, held against Python's fractions."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_capabilities.transforms import arithmetic
from pgs_capabilities.transforms.decimals import (
    add_decimals,
    add_up_decimals,
    compare_decimals,
    decimal_to_units,
    divide_decimals,
    multiply_decimals,
    round_decimal,
    subtract_decimals,
    units_to_decimal,
)
from pgs_snapshot.formats import FORMATS
from pgs_snapshot.values import Outcome, Value
from tests.capabilities.lawful import MOST, decimals, integers, numbers

Answer = dict[str, Value] | Outcome
EXACT = Context(prec=200)
ROUNDINGS = {
    "HALF_EVEN": ROUND_HALF_EVEN,
    "HALF_UP": ROUND_HALF_UP,
    "DOWN": ROUND_DOWN,
    "UP": ROUND_UP,
    "FLOOR": ROUND_FLOOR,
    "CEILING": ROUND_CEILING,
}
scales = st.integers(0, 30)
roundings = st.sampled_from([*ROUNDINGS])


def exact(number: int) -> Answer:
    return {"result": number} if abs(number) <= MOST else Outcome("OUT_OF_RANGE")


def written(number: Decimal) -> Answer:
    """A number as a decimal string of the scale that it has, or OUT_OF_RANGE."""
    text = format(number, "f")
    text = text.removeprefix("-") if not number else text
    return {"result": text} if FORMATS["decimal"](text) else Outcome("OUT_OF_RANGE")


# --- integers ------------------------------------------------------------------------------------


@given(integers, integers)
def test_an_integer_is_that_of_mathematics_or_out_of_range(left: int, right: int) -> None:
    assert arithmetic.add(left, right) == exact(left + right)
    assert arithmetic.subtract(left, right) == exact(left - right)
    assert arithmetic.multiply(left, right) == exact(left * right)


@given(integers, integers.filter(bool))
def test_quotient_and_remainder_make_up_the_number_and_the_remainder_is_a_position(left: int, right: int) -> None:
    parts = arithmetic.divide(left, right)
    assert isinstance(parts, dict)
    quotient, remainder = int(str(parts["quotient"])), int(str(parts["remainder"]))
    assert quotient * right + remainder == left
    assert 0 <= remainder < abs(right)


@pytest.mark.parametrize(
    ("left", "right", "quotient", "remainder"),
    [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -3, 1), (-7, -2, 4, 1), (0, 5, 0, 0), (-MOST, -1, MOST, 0)],
)
def test_a_division_of_any_signs(left: int, right: int, quotient: int, remainder: int) -> None:
    assert arithmetic.divide(left, right) == {"quotient": quotient, "remainder": remainder}


def test_nothing_is_divided_by_zero() -> None:
    assert arithmetic.divide(0, 0) == Outcome("DIVISION_BY_ZERO")


@given(st.lists(integers))
def test_a_list_has_its_sum_and_its_ends(found: list[int]) -> None:
    assert arithmetic.add_up(found) == exact(sum(found))
    ends = (arithmetic.minimum(found), arithmetic.maximum(found))
    ordered = sorted(found)
    assert ends == (({"result": ordered[0]}, {"result": ordered[-1]}) if found else (Outcome("EMPTY"),) * 2)


def test_a_sum_may_leave_the_range_and_come_back() -> None:
    assert arithmetic.add_up([MOST, MOST, -MOST]) == {"result": MOST}


@given(numbers, numbers)
def test_numbers_compare_by_what_they_are(left: float, right: float) -> None:
    difference = Fraction(left) - Fraction(right)
    order = "EQUAL" if not difference else "LESS" if difference < 0 else "GREATER"
    assert arithmetic.compare_numbers(left, right) == {"order": order}


# --- decimals ------------------------------------------------------------------------------------


@given(decimals(), decimals())
def test_sums_differences_and_products_are_exact_to_the_last_digit(left: str, right: str) -> None:
    first, second = Decimal(left), Decimal(right)
    assert add_decimals(left, right) == written(EXACT.add(first, second))
    assert subtract_decimals(left, right) == written(EXACT.subtract(first, second))
    assert multiply_decimals(left, right) == written(EXACT.multiply(first, second))


@given(st.lists(decimals()))
def test_a_sum_is_exact_in_any_order(found: list[str]) -> None:
    total = Decimal(0)
    for number in found:
        total = EXACT.add(total, Decimal(number))
    assert add_up_decimals(found) == written(total)
    assert add_up_decimals(found[::-1]) == add_up_decimals(found)


@given(decimals(), decimals(), scales, roundings)
def test_a_quotient_is_rounded_once_and_as_it_is_said(left: str, right: str, scale: int, rounding: str) -> None:
    answer = divide_decimals(left, right, scale, rounding)
    if not Decimal(right):
        assert answer == Outcome("DIVISION_BY_ZERO")
        return
    # A fraction is rounded by rounding its digits: enough of them, and a mark for all that follow.
    quotient = Fraction(left) / Fraction(right)
    digits, rest = divmod(abs(quotient.numerator) * 10**50, quotient.denominator)
    precise = Decimal(digits * 10 + bool(rest)).scaleb(-51, EXACT)
    precise = precise.copy_negate() if quotient < 0 else precise  # `-` would round
    step = Decimal(1).scaleb(-scale)
    assert answer == written(precise.quantize(step, ROUNDINGS[rounding], EXACT))


@given(decimals(), scales, roundings)
def test_rounding_is_that_of_the_decimal_standard(value: str, scale: int, rounding: str) -> None:
    quantized = Decimal(value).quantize(Decimal(1).scaleb(-scale), ROUNDINGS[rounding], EXACT)
    assert round_decimal(value, scale, rounding) == written(quantized)


@given(decimals(), decimals())
def test_decimals_compare_by_what_they_are(left: str, right: str) -> None:
    difference = Fraction(left) - Fraction(right)
    order = "EQUAL" if not difference else "LESS" if difference < 0 else "GREATER"
    assert compare_decimals(left, right) == {"order": order}


@given(integers, scales)
def test_units_come_back_from_the_amount_that_they_make(units: int, scale: int) -> None:
    value = units_to_decimal(units, scale)["value"]
    assert isinstance(value, str)
    assert FORMATS["decimal"](value)
    assert Fraction(value) == Fraction(units, 10**scale)
    assert decimal_to_units(value, scale) == {"units": units}


@given(decimals(), scales)
def test_an_amount_is_whole_units_or_not_exact(value: str, scale: int) -> None:
    units = Fraction(value) * 10**scale
    if units.denominator != 1:
        assert decimal_to_units(value, scale) == Outcome("NOT_EXACT")
    else:
        expected = {"units": int(units)} if abs(units) <= MOST else Outcome("OUT_OF_RANGE")
        assert decimal_to_units(value, scale) == expected


@pytest.mark.parametrize(
    ("value", "answers"),
    [
        ("2.5", ["2", "3", "2", "3", "2", "3"]),
        ("-2.5", ["-2", "-3", "-2", "-3", "-3", "-2"]),
        ("3.5", ["4", "4", "3", "4", "3", "4"]),
        ("-0.5", ["0", "-1", "0", "-1", "-1", "0"]),
        ("0.000000000000000000000000000000001", ["0", "0", "0", "1", "0", "1"]),
    ],
)
def test_what_each_rounding_does_with_a_half_and_with_next_to_nothing(value: str, answers: list[str]) -> None:
    assert [round_decimal(value, 0, rounding) for rounding in ROUNDINGS] == [{"result": one} for one in answers]


def test_the_longest_numbers_are_taken_and_one_digit_more_is_out_of_range() -> None:
    longest = "0." + "9" * 38
    assert add_decimals(longest, "0." + "0" * 37 + "1") == {"result": "1." + "0" * 38}
    assert multiply_decimals("0." + "1" * 19, "0." + "1" * 19) != Outcome("OUT_OF_RANGE")
    assert multiply_decimals("0." + "1" * 20, "0." + "1" * 19) == Outcome("OUT_OF_RANGE")
    assert add_decimals("9" * 40, "0.1") == Outcome("OUT_OF_RANGE")
