"""Whose the indicator list and the bulletin on this pad are: they go with the platform that gave them.

Beside them lies its address. A pad that speaks to another platform, enrolled anew or by its settings, puts
them aside: the installed list holds, and nothing hangs, until the new platform publishes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pad import bulletin, indicators, whole_file

OWNER: Final = "published_by"
ASIDE: Final = {
    indicators.PULLED: "indicators.aside.toml",
    bulletin.NAME: "bulletin.aside.json",
}
"""Where each goes, for whoever has to look; the list before the last is not needed any more."""
_BYTES_MAX: Final = 4096


def turn_to(state_dir: Path, platform: str, before: str | None = None) -> tuple[str, ...]:
    """Have what lies here be this platform's; what was another's is put aside, and named.

    Done again it comes to the same.

    :param platform: its base address
    :param before: whose it was where nothing says so (older versions wrote no address); by default this one's
    :raises OSError: if something cannot be moved or written
    """
    base = platform.rstrip("/")
    owner = _owner(state_dir)
    if owner == base:
        return ()
    known = owner if owner is not None else (before or base).rstrip("/")
    gone = () if known == base else tuple(_put_aside(state_dir))
    # group pad may: root writes it at an enrolment, syncd at its start
    whole_file.put(state_dir / OWNER, f"{base}\n".encode(), mode=0o660)
    return gone


def _owner(state_dir: Path) -> str | None:
    try:
        with (state_dir / OWNER).open("rb") as file:
            return file.read(_BYTES_MAX).decode(errors="replace").strip() or None
    except OSError:
        return None


def _put_aside(state_dir: Path) -> list[str]:
    (state_dir / indicators.BEFORE).unlink(missing_ok=True)
    gone = []
    for name, aside in ASIDE.items():
        try:
            (state_dir / name).replace(state_dir / aside)
        except FileNotFoundError:
            continue
        gone.append(name)
    return gone
