"""The integrity chain over ratings: each row's hash covers the row before it.

``hash = HMAC-SM3(chain key, prev_hash ‖ canonical JSON of the row)``, both hashes in lower-case
hex, ``prev_hash`` as its 64 ASCII characters; the first row's is 64 zeros. Without the device's
key no row can be edited, inserted or reordered unseen; what was cut off at the end shows against
the head that left with the last heartbeat.

The key may change from a row on. Who changes it holds both: the change bears the consent of the
key before, over the row it begins with, the hash before that row, and the new key. It is kept
with the keys, so that a ledger alone can bring in none.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from pad.gm import hmac_sm3, sm3

GENESIS: Final = "0" * 64
_OUTSIDE: Final = frozenset({"prev_hash", "hash"})
_json: Final = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a chain, or what an empty one starts from."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain does not hold: the row's ``seq`` and what is wrong there."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True, repr=False)
class KeyChange:
    """From row ``start`` on, which follows the hash ``after``, another key makes the hashes.

    ``consent`` is made with the key before it (:func:`consent`).
    """

    start: int
    after: str
    key: bytes
    consent: str


def consent(old: bytes, start: int, after: str, new: bytes) -> str:
    """The word of the key before for a change: HMAC-SM3, over text that no row can be."""
    return hmac_sm3(old, f"key change\n{start}\n{after}\n{sm3(new).hex()}".encode()).hex()


def key_at(seq: int, first: bytes, changes: Sequence[KeyChange]) -> bytes:
    """The key of a row: of the changes that begin with it or before, the one made last."""
    return next((change.key for change in reversed(changes) if change.start <= seq), first)


def canonical_json(row: Mapping[str, object]) -> bytes:
    """A row as the bytes that are hashed.

    UTF-8, keys sorted, no blanks, no escapes beyond JSON's own. NULL columns are left out, so
    that a column added by a later version leaves older rows' hashes as they are.

    :raises TypeError: for bytes, of which no column of ours is made and JSON knows nothing
    """
    covered = {key: value for key, value in row.items() if key not in _OUTSIDE and value is not None}
    if bytes in map(type, covered.values()):  # msgspec would write their Base64, as if it were a text
        raise TypeError("bytes cannot be hashed as JSON")
    return _json.encode(covered)


def link(key: bytes, prev_hash: str, row: Mapping[str, object]) -> str:
    """The hash of a row that follows ``prev_hash``."""
    return hmac_sm3(key, prev_hash.encode() + canonical_json(row)).hex()


def checkpoint_mark(key: bytes, head: Head) -> str:
    """By which a checkpoint is known as the pad's own: nobody without the key ends a chain's beginning."""
    return hmac_sm3(key, f"checkpoint\0{head.seq}\0{head.hash}".encode()).hex()


def follow(
    key: bytes, start: Head, rows: Iterable[Mapping[str, object]], changes: Sequence[KeyChange] = ()
) -> Iterator[tuple[Head, tuple[Break, ...]]]:
    """Each row as it calls itself, and what is wrong there.

    A row is held against the one before as that stands, so that what follows a broken row is judged too.

    :param key: the first key
    :param changes: those after it, in the order in which they were made
    """
    before, to_come = start, [change for change in _in_force(changes) if change.start > start.seq]
    if (foreign := _without_consent(key, changes)) is not None:
        yield start, (foreign,)
    for row in rows:
        seq, own = row["seq"], str(row["hash"])
        if not isinstance(seq, int):
            yield before, (Break(before.seq + 1, f"seq is {seq!r}, a whole number is needed"),)
            return
        found = []
        begins = False
        while to_come and to_come[0].start <= seq:
            change = to_come.pop(0)
            begins = change.start == seq and change.after != before.hash
        if seq != before.seq + 1:
            found.append(Break(before.seq + 1, _missing(before.seq, seq)))
        elif begins:
            found.append(Break(seq, "the key was changed here, after another row than the one before it"))
        elif row["prev_hash"] != before.hash:
            found.append(Break(seq, "prev_hash is not the hash of the row before"))
        right = link(key_at(seq, key, changes), str(row["prev_hash"]), row)
        if not hmac.compare_digest(right.encode(), own.encode()):
            found.append(Break(seq, "the row was changed after it was written"))
        before = Head(seq, own)
        yield before, tuple(found)
    if to_come and to_come[0].start > before.seq + 1:
        last = to_come[0].start - 1
        yield before, (Break(before.seq + 1, f"it is missing; the key was changed after row {last}"),)
    elif to_come and to_come[0].after != before.hash:
        yield before, (Break(before.seq, "the key was changed after another row than this"),)


def _missing(before: int, after: int) -> str:
    last = after - 1
    gone = f"row {last} is" if last == before + 1 else f"rows {before + 1} to {last} are"
    return f"{gone} missing; row {after} follows {before}"


def first_break(
    key: bytes, start: Head, rows: Iterable[Mapping[str, object]], changes: Sequence[KeyChange] = ()
) -> tuple[Head, Break | None]:
    """Follow the chain from ``start``; the last good head, and the first break if there is one."""
    head = start
    for at, found in follow(key, start, rows, changes):
        if found:
            return head, found[0]
        head = at
    return head, None


def _without_consent(key: bytes, changes: Sequence[KeyChange]) -> Break | None:
    for change in changes:
        right = consent(key, change.start, change.after, change.key)
        if not hmac.compare_digest(right.encode(), change.consent.encode()):
            return Break(change.start, "the key from here on was not brought in by the one before it")
        key = change.key
    return None


def _in_force(changes: Sequence[KeyChange]) -> list[KeyChange]:
    """Without those that a later one, for a ledger begun anew, took the place of."""
    found: list[KeyChange] = []
    for change in changes:
        found = [each for each in found if each.start < change.start]
        found.append(change)
    return found
