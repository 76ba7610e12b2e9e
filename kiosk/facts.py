"""What the technician reads at a glance: plain values, gathered elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: its name (an English msgid), what was found, and whether that is well (None: no matter)."""

    name: str
    value: str
    ok: bool | None = None


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Lines that belong together, under a name (an English msgid)."""

    name: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the technician reads."""

    groups: tuple[FactGroup, ...] = ()
