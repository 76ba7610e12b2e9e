"""The alerts' table: told once, from its beginning on, and carried over with the ledger."""

from __future__ import annotations

import sqlite3

import pytest

from pad.ledger.alerts import AlertBook, Backlog, backlogs, bad_ratings, told_of
from pad.model import Rater
from tests.pad.ledger.conftest import START, Window, at


def book_of(window: Window, target: str = "wecom", *, from_here: bool = True) -> AlertBook:
    book = AlertBook(window.db, target)
    book.begin(at(0), from_here=from_here)
    return book


def waiting(book: AlertBook) -> list[int]:
    book.enlist()
    return [each.rating.seq for each in book.untold(100)]


def test_it_begins_once(window: Window) -> None:
    window.rate(level=1)
    assert waiting(book_of(window)) == []
    window.rate(level=1)
    assert waiting(book_of(window)) == [2]
    assert waiting(book_of(window, from_here=False)) == [2]
    assert waiting(book_of(window, "smtp", from_here=False)) == [1, 2]
    assert window.value("SELECT COUNT(*) FROM journal WHERE kind = 'alerts_began'") == 2


def test_to_look_before_it_began_is_a_fault(window: Window) -> None:
    with pytest.raises(RuntimeError):
        AlertBook(window.db, "wecom").enlist()


def test_what_is_told_stays_told_whoever_asks(window: Window) -> None:
    book = book_of(window)
    window.rate(level=2)
    assert waiting(book) == [1]
    book.told([1], START)
    book.telling([1])
    book.not_told([1], "late", START)
    assert waiting(book) == []
    assert told_of(window.db, [1]) == {1: {"wecom": "2026-03-02T09:00:00.000+08:00"}}
    with pytest.raises(sqlite3.IntegrityError, match="an alert is told once"):
        window.db.execute("UPDATE alerts SET state = 'pending', told_at = NULL")


def test_what_is_passed_by_is_left_out_and_waits_all_the_same(window: Window) -> None:
    book = book_of(window)
    for _ in range(3):
        window.rate(level=1)
    book.enlist()
    assert [each.rating.seq for each in book.untold(2, {1: 0.0})] == [2, 3]
    assert book.count() == 3


def test_the_backlog_says_why_its_oldest_waits(window: Window) -> None:
    book = book_of(window)
    for _ in range(2):
        window.rate(level=1)
    book.enlist()
    assert backlogs(window.db) == (Backlog("wecom", 2, None),)
    book.telling([1])
    book.not_told([1], "no way", START)
    assert backlogs(window.db) == (Backlog("wecom", 2, "no way"),)
    book.told([1, 2], START)
    assert backlogs(window.db) == ()


def test_bad_ratings_are_those_of_the_two_lowest_levels(window: Window) -> None:
    for level in (5, 1, 3, 2, 4):
        window.rate(level=level, rater=Rater())
    assert [each.seq for each in bad_ratings(window.db, START)] == [2, 4]
