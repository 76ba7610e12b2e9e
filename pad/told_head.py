"""The chain's head as it was last told to the city: what the ledger on this disk is held against.

What was cut off at the end, or an older copy of the whole file put back, is a sound chain in itself.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Final

from pad import whole_file
from pad.chain import Head

FILE: Final = "told_head.json"


def read(state_dir: Path) -> Head | None:
    """The head that was told last; None if none was. Its hash is empty where an older version wrote it."""
    try:
        told = json.loads((state_dir / FILE).read_bytes())
        seq, text = told["seq"], told.get("hash", "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Head(seq, text) if isinstance(seq, int) and isinstance(text, str) else None


def write(state_dir: Path, head: Head) -> None:
    """Remember what was told; a disk that does not take it is told again with the next head."""
    told = json.dumps({"seq": head.seq, "hash": head.hash})
    with suppress(OSError):
        whole_file.put(state_dir / FILE, told.encode(), durable=False)


def contradiction(told: Head | None, head: Head, there: Head | None) -> str:
    """What a ledger that ends with ``head`` contradicts of what was told; empty if nothing.

    :param there: the row of the told ``seq`` as the ledger has it now; None if it is not there (any more)
    """
    if told is None:
        return ""
    if told.seq > head.seq:
        gone = f"row {told.seq} is" if told.seq == head.seq + 1 else f"rows {head.seq + 1} to {told.seq} are"
        return f"{gone} gone, or this is an older copy: the chain had row {told.seq} when its head was told"
    if there is not None and told.hash and there.hash != told.hash:
        return f"row {told.seq}, or one before it, is not the one whose hash was told"
    return ""
