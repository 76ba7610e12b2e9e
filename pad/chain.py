"""The integrity chain over ratings: each row's hash covers the row before it.

``hash = HMAC-SM3(chain key, prev_hash ‖ canonical JSON of the row)``, both hashes in lower-case
hex, ``prev_hash`` as its 64 ASCII characters; the first row's is 64 zeros. Without the device's
key no row can be edited, inserted or reordered unseen; what was cut off at the end shows against
the head that left with the last heartbeat.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pad.gm import hmac_sm3

GENESIS: Final = "0" * 64
_OUTSIDE: Final = frozenset({"prev_hash", "hash"})


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


def canonical_json(row: Mapping[str, object]) -> bytes:
    """A row as the bytes that are hashed.

    UTF-8, keys sorted, no blanks, no escapes beyond JSON's own. NULL columns are left out, so
    that a column added by a later version leaves older rows' hashes as they are.
    """
    covered = {key: value for key, value in row.items() if key not in _OUTSIDE and value is not None}
    return json.dumps(covered, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def link(key: bytes, prev_hash: str, row: Mapping[str, object]) -> str:
    """The hash of a row that follows ``prev_hash``."""
    return hmac_sm3(key, prev_hash.encode() + canonical_json(row)).hex()


def checkpoint_mark(key: bytes, head: Head) -> str:
    """By which a checkpoint is known as the pad's own: nobody without the key ends a chain's beginning."""
    return hmac_sm3(key, f"checkpoint\0{head.seq}\0{head.hash}".encode()).hex()


def follow(
    key: bytes, start: Head, rows: Iterable[Mapping[str, object]]
) -> Iterator[tuple[Head, tuple[Break, ...]]]:
    """Each row as it calls itself, and what is wrong there.

    A row is held against the one before as that stands, so that what follows a broken row is judged too.
    """
    before = start
    for row in rows:
        seq, own = row["seq"], str(row["hash"])
        if not isinstance(seq, int):
            yield before, (Break(before.seq + 1, f"seq is {seq!r}, a whole number is needed"),)
            return
        found = []
        if seq != before.seq + 1:
            found.append(Break(before.seq + 1, _missing(before.seq, seq)))
        elif row["prev_hash"] != before.hash:
            found.append(Break(seq, "prev_hash is not the hash of the row before"))
        if not hmac.compare_digest(link(key, str(row["prev_hash"]), row).encode(), own.encode()):
            found.append(Break(seq, "the row was changed after it was written"))
        before = Head(seq, own)
        yield before, tuple(found)


def _missing(before: int, after: int) -> str:
    last = after - 1
    gone = f"row {last} is" if last == before + 1 else f"rows {before + 1} to {last} are"
    return f"{gone} missing; row {after} follows {before}"


def first_break(key: bytes, start: Head, rows: Iterable[Mapping[str, object]]) -> tuple[Head, Break | None]:
    """Follow the chain from ``start``; the last good head, and the first break if there is one."""
    head = start
    for at, found in follow(key, start, rows):
        if found:
            return head, found[0]
        head = at
    return head, None
