"""Lists, records, accounts: each transform against a plain statement of what it says."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_capabilities.transforms import lists
from pgs_capabilities.transforms.accounts import apply_transfers, check_quota
from pgs_capabilities.transforms.digests import digest, digest_hex, digest_text, merkle_root
from pgs_capabilities.transforms.fields import extract, remove_fields, select_fields, set_field
from pgs_snapshot.canonical import canonical, digest_of
from pgs_snapshot.values import Outcome, Value, same
from tests.capabilities.lawful import MOST, anything, names, numbers, texts

Record = dict[str, Value]

items = st.lists(anything, max_size=6)
records = st.dictionaries(names, st.sampled_from([1, True, "1", None, 2.5]) | anything, max_size=4)
tables: st.SearchStrategy[list[Value]] = st.lists(records | st.just(None) | st.just("text"), max_size=6)


def among(value: Value, others: list[Value]) -> bool:
    return any(same(value, other) for other in others)


# --- lists ---------------------------------------------------------------------------------------


@given(tables, st.dictionaries(names, st.sampled_from([1, True, "1", None]), max_size=2), st.lists(names, max_size=2))
def test_a_filter_keeps_what_has_all_members_and_all_fields(
    rows: list[Value], where: Record, present: list[str]
) -> None:
    def is_meant(row: Value) -> bool:
        held = row if isinstance(row, dict) else {}
        equal = all(name in held and same(held[name], value) for name, value in where.items())
        return equal and all(name in held for name in present)

    assert lists.filter_records(rows, where, present) == {"records": [row for row in rows if is_meant(row)]}
    meant = [row for row in rows if isinstance(row, dict) or not where]
    first = [row for row in meant if lists.filter_records([row], where, [])["records"]][:1]
    assert lists.find_record(rows, where) == ({"record": first[0]} if first else Outcome("NOT_FOUND"))


@given(tables, st.lists(names, max_size=3))
def test_a_projection_keeps_the_rows_and_the_fields_that_are_named(rows: list[Value], fields: list[str]) -> None:
    expected = [{n: v for n, v in row.items() if n in fields} if isinstance(row, dict) else {} for row in rows]
    assert lists.project_records(rows, fields) == {"records": expected}


@given(st.lists(numbers) | st.lists(texts), st.booleans())
def test_records_are_sorted_by_one_kind_of_value_and_keep_their_order(keys: list[Value], descending: bool) -> None:
    rows = [{"key": key, "place": place} for place, key in enumerate(keys)]
    answer = lists.sort_records(cast(list[Value], rows), "key", descending)
    assert isinstance(answer, dict)
    ordered = cast(list[dict[str, int]], answer["records"])
    sign = -1 if descending else 1
    for before, after in pairwise(ordered):
        rank = (before["key"] > after["key"]) - (before["key"] < after["key"])
        assert rank * sign < 0 or (rank == 0 and before["place"] < after["place"])
    assert Counter(row["place"] for row in ordered) == Counter(range(len(rows)))


@pytest.mark.parametrize("keys", [[1, "1"], [True, False], [None], [[1], [2]], [1, True]], ids=repr)
def test_what_has_no_order_is_not_comparable(keys: list[Value]) -> None:
    rows: list[Value] = [{"key": key} for key in keys]
    assert lists.sort_records(rows, "key", False) == Outcome("NOT_COMPARABLE")
    assert lists.sort_records([{}], "key", False) == Outcome("NOT_COMPARABLE")


@given(st.lists(texts))
def test_a_table_has_every_record_under_its_own_key(keys: list[str]) -> None:
    rows: list[Value] = [{"id": key, "place": place} for place, key in enumerate(keys)]
    answer = lists.index_records(rows, "id")
    if len(set(keys)) < len(keys):
        assert answer == Outcome("DUPLICATE")
    else:
        assert answer == {"map": dict(zip(keys, rows, strict=True))}


@given(records)
def test_entries_make_the_object_again_and_stand_in_order(table: Record) -> None:
    entries = cast(list[dict[str, Value]], lists.list_entries(table)["entries"])
    assert {str(entry["key"]): entry["value"] for entry in entries} == table
    assert [entry["key"] for entry in entries] == sorted(table)


@given(items.filter(bool), st.integers(0, MOST))
def test_everybody_has_a_turn_before_anybody_has_another(found: list[Value], number: int) -> None:
    size = len(found)
    round_of = [lists.pick_item(found, number - number % size + turn) for turn in range(size)]
    assert round_of == [{"item": item} for item in found]


@given(items, st.integers(0, 9), st.integers(0, 9))
def test_a_list_is_what_is_skipped_and_taken_and_left(found: list[Value], skip: int, most: int) -> None:
    answer = lists.take_items(found, skip, most)
    assert answer["items"] == [item for place, item in enumerate(found) if skip <= place < skip + most]
    assert answer["left"] == sum(1 for place, _ in enumerate(found) if place >= skip + most)


@given(items, items)
def test_lists_as_sets_keep_order_and_compare_as_json(left: list[Value], right: list[Value]) -> None:
    distinct = [item for place, item in enumerate(left) if not among(item, left[:place])]
    assert lists.unique_items(left) == {"items": distinct}
    assert lists.subtract_lists(left, right) == {"items": [item for item in left if not among(item, right)]}
    assert lists.intersect_lists(left, right) == {"items": [item for item in left if among(item, right)]}
    assert lists.concatenate_lists(left, right) == {"items": left + right}
    assert lists.count_items(left) == {"count": len(left)}


# --- fields --------------------------------------------------------------------------------------


@given(anything, st.lists(names | st.integers(-4, 4), max_size=3))
def test_a_path_leads_where_python_leads_or_nowhere(source: Value, path: list[str | int]) -> None:
    found: object = source
    try:
        for part in path:
            assert isinstance(found, dict if isinstance(part, str) else list)
            found = found[part]  # type: ignore[index]
    except (KeyError, IndexError, AssertionError):
        assert extract(source, path) == Outcome("NOT_FOUND")
    else:
        assert extract(source, path) == {"value": found}


@given(records, st.lists(names, min_size=1, max_size=3), anything)
def test_what_was_set_is_found_there_and_nothing_else_has_changed(
    record: Record, path: list[str], value: Value
) -> None:
    answer = set_field(record, path, value)
    if isinstance(answer, Outcome):
        assert answer == Outcome("NOT_FOUND")
        around = extract(record, list(path[:-1]))
        assert isinstance(around, Outcome) or not isinstance(around["value"], dict)
        return
    assert extract(answer["record"], list(path)) == {"value": value}
    undone = extract(record, list(path))
    if isinstance(undone, dict):
        back = set_field(cast(Record, answer["record"]), path, undone["value"])
        assert back == {"record": record}


@given(records, st.lists(names, max_size=3))
def test_fields_are_selected_or_removed_and_both_together_are_the_record(record: Record, fields: list[str]) -> None:
    kept = {name: value for name, value in record.items() if name not in fields}
    assert remove_fields(record, fields) == {"record": kept}
    missing: list[Value] = [name for name in fields if name not in record]
    if missing:
        assert select_fields(record, fields) == Outcome("MISSING", fields=missing)
    else:
        assert select_fields(record, fields) == {"record": {name: record[name] for name in fields}}


# --- accounts ------------------------------------------------------------------------------------

amounts = st.integers(0, 20) | st.sampled_from([MOST, MOST - 10])
accounts = st.sampled_from(["a", "b", "c"])
transfers = st.lists(
    st.fixed_dictionaries({"amount": amounts}, optional={"from": accounts | st.none(), "to": accounts | st.none()})
)


@given(st.dictionaries(accounts, amounts), transfers)
def test_transfers_neither_overdraw_nor_lose_anything(balances: dict[str, int], moves: list[Record]) -> None:
    answer = apply_transfers(balances, moves)
    if isinstance(answer, Outcome):
        number = cast(int, answer.outputs["number"])
        until = apply_transfers(balances, moves[:number])
        assert isinstance(until, dict)  # it is the first
        held = cast(dict[str, int], until["balances"]).get(str(answer.outputs["account"]), 0)
        amount = cast(int, moves[number]["amount"])
        assert held < amount if answer.name == "OVERDRAWN" else held + amount > MOST
        return
    after = cast(dict[str, int], answer["balances"])
    made = sum(cast(int, move["amount"]) for move in moves if move.get("from") is None and move.get("to"))
    taken = sum(cast(int, move["amount"]) for move in moves if move.get("from") and move.get("to") is None)
    assert sum(after.values()) == sum(balances.values()) + made - taken
    assert all(0 <= balance <= MOST for balance in after.values())


@given(st.integers(0, MOST), st.integers(0, MOST), st.integers(1, MOST))
def test_a_quota_is_never_given_out_twice(used: int, limit: int, wanted: int) -> None:
    answer = check_quota(used, limit, wanted)
    if used + wanted <= limit:
        assert answer == {"left": limit - used - wanted}
    else:
        assert answer == Outcome("EXCEEDED", left=max(0, limit - used))


# --- digests -------------------------------------------------------------------------------------


@given(anything, anything)
def test_values_have_one_digest_if_they_are_the_same(left: Value, right: Value) -> None:
    assert (digest(left) == digest(right)) == same(left, right)
    assert digest(left) == {"digest": digest_of(left)}


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA512", "SHA3_256", "SHA3_512", "BLAKE2B"])
@given(text=texts)
def test_a_text_has_the_digest_of_its_bytes(algorithm: str, text: str) -> None:
    expected = {"digest": hashlib.new(algorithm.lower(), text.encode()).hexdigest()}
    assert digest_text(text, algorithm) == expected
    for written in (text.encode().hex(), "0x" + text.encode().hex().upper()):
        assert digest_hex(written, algorithm) == expected


@pytest.mark.parametrize("data", ["a", "0x1", "zz", "61 62", " ", "0x0x61", "é", "٦١", "-1"])
def test_what_is_no_even_number_of_hex_digits_is_refused(data: str) -> None:
    assert digest_hex(data, "SHA256") == Outcome("NOT_HEX")


def tree_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_root(leaves[:split]) + tree_root(leaves[split:])).digest()


@given(st.lists(anything, max_size=20))
def test_a_merkle_root_is_that_of_the_rfc(leaves: list[Value]) -> None:
    assert merkle_root(leaves) == {"root": tree_root([canonical(leaf) for leaf in leaves]).hex()}
