"""The integrity chain and the seal: what was changed, moved or opened by another is found."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pad import chain, sealing
from pad.chain import GENESIS, Head
from pad.model import Rater
from pad.sealing import SealError

KEY = b"k" * 32
SEALING_KEY = b"s" * 16
Row = dict[str, object]


def chained(count: int) -> list[Row]:
    rows: list[Row] = []
    previous = GENESIS
    for seq in range(1, count + 1):
        row: Row = {"seq": seq, "level": 1 + seq % 5, "comment": "好" * seq, "project_no": None}
        row |= {"prev_hash": previous, "hash": chain.link(KEY, previous, row)}
        previous = str(row["hash"])
        rows.append(row)
    return rows


def test_canonical_json_is_sorted_compact_utf8_without_hashes_and_nulls() -> None:
    row: Row = {"seq": 1, "comment": "好", "a": None, "prev_hash": "x", "hash": "y"}
    assert chain.canonical_json(row) == '{"comment":"好","seq":1}'.encode()


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**63), 2**63 - 1)))
def test_canonical_json_is_what_any_json_library_makes_of_the_rule(row: Row) -> None:
    covered = {key: value for key, value in row.items() if key not in ("prev_hash", "hash")}
    expected = json.dumps(covered, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert chain.canonical_json(row) == expected.encode()


def test_bytes_do_not_pass_for_the_text_of_their_base64() -> None:
    with pytest.raises(TypeError, match="bytes"):
        chain.canonical_json({"seq": 1, "comment": b"x"})


def test_a_column_added_later_leaves_older_hashes_as_they_are() -> None:
    (row,) = chained(1)
    assert chain.link(KEY, GENESIS, row | {"added": None}) == row["hash"]


def test_a_whole_chain_holds() -> None:
    rows = chained(5)
    assert chain.first_break(KEY, Head(), rows) == (Head(5, str(rows[-1]["hash"])), None)
    assert chain.first_break(KEY, Head(2, str(rows[1]["hash"])), rows[2:])[1] is None


@given(at=st.integers(0, 4), field=st.sampled_from(["level", "comment", "project_no", "hash", "prev_hash"]))
def test_an_edited_row_is_found(at: int, field: str) -> None:
    rows = chained(5)
    rows[at] = rows[at] | {field: "forged"}
    broken = chain.first_break(KEY, Head(), rows)[1]
    assert broken is not None
    assert broken.seq == at + 1


@pytest.mark.parametrize("at", [0, 2])
def test_a_deleted_row_is_found(at: int) -> None:
    rows = chained(5)
    del rows[at]
    broken = chain.first_break(KEY, Head(), rows)[1]
    assert broken is not None
    assert broken.seq == at + 1


def test_reordered_and_inserted_rows_are_found() -> None:
    rows = chained(4)
    rows[1], rows[2] = rows[2] | {"seq": 2}, rows[1] | {"seq": 3}
    assert chain.first_break(KEY, Head(), rows)[1] is not None
    more = chained(3)
    forged: Row = {"seq": 4, "level": 5, "comment": ""}
    forged |= {"prev_hash": more[-1]["hash"], "hash": chain.link(b"x" * 32, str(more[-1]["hash"]), forged)}
    assert chain.first_break(KEY, Head(), [*more, forged])[1] is not None


def test_a_row_cut_off_at_the_end_shows_only_against_the_head_that_left() -> None:
    rows = chained(5)
    head, broken = chain.first_break(KEY, Head(), rows[:4])
    assert broken is None
    assert head != Head(5, str(rows[4]["hash"]))


PERSON = Rater(name="张三", mobile="13800000000", cert_key="110101199003070134")


def test_sealed_data_open_with_their_key_and_visit_only() -> None:
    sealed = sealing.seal(SEALING_KEY, PERSON, "v1")
    assert sealing.unseal(SEALING_KEY, sealed, "v1") == PERSON
    for key, visit in ((b"x" * 16, "v1"), (SEALING_KEY, "v2")):
        with pytest.raises(SealError):
            sealing.unseal(key, sealed, visit)


@given(at=st.integers(0, 200))
def test_one_changed_byte_keeps_them_shut(at: int) -> None:
    sealed = bytearray(sealing.seal(SEALING_KEY, PERSON, "v1"))
    sealed[at % len(sealed)] ^= 1
    with pytest.raises(SealError):
        sealing.unseal(SEALING_KEY, bytes(sealed), "v1")


def test_nothing_of_the_person_shows_sealed_or_in_an_error() -> None:
    sealed = sealing.seal(SEALING_KEY, PERSON, "v1")
    assert "张三".encode() not in sealed
    assert b"138" not in sealed
    assert sealing.seal(SEALING_KEY, PERSON, "v1") != sealed
    with pytest.raises(SealError) as refused:
        sealing.unseal(b"x" * 16, sealed, "v1")
    assert "138" not in str(refused.value)
