"""The integrity chain over ratings: each row's hash covers the row before it.

``hash = HMAC-SM3(chain key, prev_hash ‖ canonical JSON of the row)``, both hashes in lower-case
hex, ``prev_hash`` as its 64 ASCII characters; the first row's is 64 zeros. Without the device's
key no row can be edited, inserted or reordered unseen; what was cut off at the end shows against
the head that left with the last heartbeat.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
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


def first_break(key: bytes, start: Head, rows: Iterable[Mapping[str, object]]) -> tuple[Head, Break | None]:
    """Follow the chain from ``start``; the last good head, and the first break if there is one."""
    head = start
    for row in rows:
        seq = row["seq"]
        if not isinstance(seq, int):
            return head, Break(head.seq + 1, f"seq is {seq!r}, a whole number is needed")
        if seq != head.seq + 1:
            return head, Break(head.seq + 1, f"row {head.seq + 1} is missing; row {seq} follows {head.seq}")
        if row["prev_hash"] != head.hash:
            return head, Break(seq, "prev_hash is not the hash of the row before")
        if not hmac.compare_digest(link(key, head.hash, row).encode(), str(row["hash"]).encode()):
            return head, Break(seq, "the row was changed after it was written")
        head = Head(seq, str(row["hash"]))
    return head, None
