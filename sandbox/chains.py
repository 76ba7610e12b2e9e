"""What heartbeats tell of each pad's integrity chain: a cut-off tail or a rewritten row shows here. Pure.

A pad tells the head of its chain, and again the head it told the time before, as it reads it now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Chain:
    """One pad's chain as far as it was told; ``broken`` says what does not hold, and stays."""

    device: str
    seq: int = 0
    hash: str = ""
    broken: str = ""

    def heard(self, beat: dict[str, Any]) -> Chain:
        """The chain after another heartbeat."""
        head, earlier = beat["head"], beat.get("earlier")
        seq, text = head["seq"], head["hash"]
        told = replace(self, seq=max(seq, self.seq), hash=text if seq >= self.seq else self.hash)
        if self.broken or not self.hash:
            return told
        if seq < self.seq:
            return replace(told, broken=f"row {seq + 1} and what followed to {self.seq} are gone")
        if seq == self.seq and text != self.hash:
            return replace(told, broken=f"row {seq}, or one before it, was rewritten")
        if earlier is not None and earlier["seq"] == self.seq and earlier["hash"] != self.hash:
            return replace(told, broken=f"row {self.seq}, or one before it, was rewritten")
        return told


def chains(beats: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Chain]:
    """Every pad's chain, from all heartbeats in their order."""
    found: dict[str, Chain] = {}
    for device, beat in beats:
        found[device] = found.get(device, Chain(device)).heard(beat)
    return found
