"""The word that an author probably meant."""

from __future__ import annotations

import itertools

import pytest

from pgs_snapshot.suggest import FEW, MAX_WORD, nearest, unknown


@pytest.mark.parametrize(
    ("word", "candidates", "found"),
    [
        ("minLenght", ["minLength", "maxLength"], "minLength"),
        ("SUCCES", ["SUCCESS", "CONFLICT"], "SUCCESS"),
        ("minlength", ["minLength"], "minLength"),
        ("int", ["integer", "string"], "integer"),
        ("colour", ["amount"], None),
        ("amount", ["amount"], None),
        ("a", [], None),
        ("a" * (MAX_WORD + 1), ["a" * MAX_WORD], None),
    ],
)
def test_the_nearest_word_is_like_it(word: str, candidates: list[str], found: str | None) -> None:
    assert nearest(word, candidates) == found


def test_the_order_of_the_candidates_does_not_count() -> None:
    words = ["name_a", "name_b", "name_c", "NAME_A"]
    assert {nearest("name_d", order) for order in itertools.permutations(words)} == {"name_c"}


PAY, CLOSE, ELSEWHERE = "bank::WF_PAY_OUT_V0", "bank::WF_CLOSE_ACCOUNT_V0", "shop::WF_CLOSE_ACCOUNT_V0"


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        pytest.param("WF_PAY_OUT_V0", f"Write `{PAY}`.", id="short"),
        pytest.param("wf_pay_out_v0", f"Write `{PAY}`.", id="small-letters"),
        pytest.param("WF_CLOSE_ACCOUNT_V0", f"Write `{CLOSE}` or `{ELSEWHERE}`.", id="short-of-two"),
        pytest.param("shop::WF_PAY_OUT_V0", f"Is it `{PAY}`?", id="another-domain"),
        pytest.param("bank::WF_PAYOUT_V0", f"Is it `{PAY}`?", id="misspelt"),
        pytest.param("WF_CLOSE_ACOUNT_V0", f"Is it `{CLOSE}`?", id="short-and-misspelt"),
        pytest.param("bnak::WF_PAY_OUT_V1", f"Is it `{PAY}`?", id="misspelt-domain-and-version"),
        pytest.param("nothing", f"It has `{CLOSE}`, `{PAY}`, `{ELSEWHERE}`.", id="like-none"),
        pytest.param("", f"It has `{CLOSE}`, `{PAY}`, `{ELSEWHERE}`.", id="empty"),
    ],
)
def test_the_name_to_type_is_named(wanted: str, hint: str) -> None:
    assert unknown(wanted, (PAY, ELSEWHERE, CLOSE), "they are listed") == hint


def test_only_few_names_are_listed() -> None:
    many = [f"bank::WF_{letter * 9}_V0" for letter in "ABCDEFGHIJKLMNOP"]
    assert (
        unknown("nothing", many[: FEW + 1], "`index.json` lists them") == f"It has {FEW + 1}; `index.json` lists them."
    )
    assert unknown("nothing", many[:FEW], "").count("`bank::") == FEW
    assert unknown("nothing", (), "") == "It has none."
    assert (
        unknown("WF_X_V0", [f"{chr(97 + n)}::WF_X_V0" for n in range(FEW + 1)], "see there") == "It has 9; see there."
    )
