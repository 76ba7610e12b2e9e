"""What heartbeats tell of each pad's integrity chain: a cut-off tail or a rewritten row shows here. Pure.

A pad tells the head of its chain, and again the head it told the time before, as it reads it now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What a chain that does not hold has suffered."""

    GONE = "gone"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Chain:
    """One pad's chain as far as it was told; ``broken`` says what does not hold, and stays.

    ``fault`` says the same to programs: ``row`` and what followed to ``last`` are gone, or ``row`` or
    one before it was rewritten.
    """

    device: str
    seq: int = 0
    hash: str = ""
    broken: str = ""
    fault: Fault | None = None
    row: int = 0
    last: int = 0

    def heard(self, beat: dict[str, Any]) -> Chain:
        """The chain after another heartbeat."""
        head, earlier = beat["head"], beat.get("earlier")
        seq, text = head["seq"], head["hash"]
        told = replace(self, seq=max(seq, self.seq), hash=text if seq >= self.seq else self.hash)
        if self.broken or not self.hash:
            return told
        if seq < self.seq:
            said = f"row {seq + 1} and what followed to {self.seq} are gone"
            return replace(told, broken=said, fault=Fault.GONE, row=seq + 1, last=self.seq)
        rewritten = seq == self.seq and text != self.hash
        if earlier is not None and earlier["seq"] == self.seq and earlier["hash"] != self.hash:
            rewritten = True
        if rewritten:
            said = f"row {self.seq}, or one before it, was rewritten"
            return replace(told, broken=said, fault=Fault.REWRITTEN, row=self.seq, last=self.seq)
        return told


def chains(beats: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Chain]:
    """Every pad's chain, from all heartbeats in their order."""
    found: dict[str, Chain] = {}
    for device, beat in beats:
        found[device] = found.get(device, Chain(device)).heard(beat)
    return found
