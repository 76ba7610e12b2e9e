"""Which program reads a setting, and so what has to start anew before a change of it counts.

Programs read ``pad.toml`` once, when they start; housekeeping starts each night. ``padctl`` reads it at
every call and is not named here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Program(StrEnum):
    """A program that runs by itself, by the name of its unit."""

    KIOSK = "kiosk"
    SYNCD = "syncd"
    HOUSEKEEPING = "pad-housekeeping"


_K, _S, _H = Program.KIOSK, Program.SYNCD, Program.HOUSEKEEPING
_OF_A_TABLE: Final[dict[str, tuple[Program, ...]]] = {
    "pad": (_K,),
    "counter": (_K,),
    "rating": (_K,),
    "screen": (_K,),
    "voice": (_K,),
    "phone": (_K,),
    "keypad": (_K,),
    "idcard": (_K,),
    "scanner": (_K,),
    "technician": (_K,),
    "upkeep": (_K,),
    "suspicion": (_S,),
    "alerts": (_S,),
    "ledger": (_S, _H),
    "sync": (_S,),
    "monitoring": (_S,),
    "platform": (_S,),
}
_OF_A_KEY: Final[dict[str, tuple[Program, ...]]] = {
    "pad.device_id": (_K, _S),
    "pad.hall_name": (_K, _S),
    "pad.win_no": (_K, _S),
    "pad.indicators": (_K, _S),
    # syncd asks the kiosk how it is, at the counter's own address
    "counter.address": (_K, _S),
    "counter.port": (_K, _S),
    "counter.tls_certificate": (_K, _S),
    "ledger.retention_days": (_H,),
    "ledger.min_free_mib": (_K, _S),
    # the technician's page says where to, and when an overdue delivery is none
    "platform.url": (_K, _S),
    "sync.retry_after_cap_s": (_K, _S),
}
UNITS: Final = frozenset({Program.KIOSK, Program.SYNCD})
"""What runs all the time and has to be started anew; the others start by themselves."""


def readers(key: str) -> tuple[Program, ...]:
    """The programs that read a setting such as ``screen.width``."""
    return _OF_A_KEY.get(key) or _OF_A_TABLE[key.partition(".")[0]]


def to_restart(key: str) -> tuple[Program, ...]:
    """The programs that have to start anew for it; none where the next night does it."""
    return tuple(each for each in readers(key) if each in UNITS)
