"""A chain that was cut off or rewritten shows in the heartbeats, and goes on showing."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.chains import chains


def beat(seq: int, hash_: str, earlier: tuple[int, str] | None = None) -> tuple[str, dict[str, Any]]:
    told: dict[str, Any] = {"head": {"seq": seq, "hash": hash_}}
    if earlier is not None:
        told["earlier"] = {"seq": earlier[0], "hash": earlier[1]}
    return "pad-1", told


def broken(*beats: tuple[str, dict[str, Any]]) -> str:
    return chains(beats)["pad-1"].broken


def test_a_chain_that_grows_holds() -> None:
    assert broken(beat(1, "a"), beat(1, "a"), beat(5, "e", (1, "a")), beat(6, "f", (5, "e"))) == ""


@pytest.mark.parametrize(
    ("beats", "said"),
    [
        ((beat(5, "e"), beat(3, "c")), "row 4 and what followed to 5 are gone"),
        ((beat(5, "e"), beat(5, "x")), "row 5, or one before it, was rewritten"),
        ((beat(5, "e"), beat(7, "g", (5, "x"))), "row 5, or one before it, was rewritten"),
    ],
)
def test_what_was_cut_off_or_rewritten_is_said(
    beats: tuple[tuple[str, dict[str, Any]], ...], said: str
) -> None:
    assert broken(*beats) == said
    assert broken(*beats, beat(9, "i", (7, "g"))) == said, "a later beat heals nothing"


def test_each_pad_has_its_own() -> None:
    found = chains([("a", beat(5, "e")[1]), ("b", beat(1, "x")[1]), ("a", beat(2, "b")[1])])
    assert (found["a"].broken != "", found["b"].broken) == (True, "")
