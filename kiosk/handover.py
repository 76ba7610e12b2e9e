"""What the clerk's side has told, handed from a touchscreen that starts anew by itself to the next one.

Nobody should be signed out by a restart that nobody asked for: who is signed in and what the window is
doing lie in the unit's runtime folder for the moment in between: in memory, for a clerk's photo is never
stored. It counts once, in the same boot, and not for long.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from kiosk.events import ServiceMode
from kiosk.phases import Service, Session
from pad import whole_file
from pad.model import Instant, Staff

_log = logging.getLogger("kiosk")

FILE: Final = "handover.json"
GOOD_FOR_S: Final = 300.0
"""Longer than any start takes; what a clerk told before that may no longer be so."""


class _Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    boot_id: str
    monotonic_ns: int
    mode: ServiceMode
    notice: str
    staff: Staff | None


def folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The unit's runtime folder, which outlives a restart (``RuntimeDirectory=``); None without systemd."""
    named = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(named) if named else None


def leave(where: Path, session: Session, now: Instant) -> None:
    """Leave it for the next one; a folder that does not take it costs a sign-in, nothing else."""
    service = session.service
    told = _Told(now.boot_id, now.monotonic_ns, service.mode, service.notice, session.staff)
    with suppress(OSError):
        whole_file.put(where / FILE, msgspec.json.encode(told), mode=0o600, durable=False)


def take(where: Path, session: Session, now: Instant) -> Session:
    """The session with what the one before left, which is taken away."""
    path = where / FILE
    try:
        raw = path.read_bytes()
        path.unlink()
        told = msgspec.json.decode(raw, type=_Told)
    except FileNotFoundError:
        return session
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        # what it says may be of a person
        _log.warning("%s: cannot be used (%s); the clerk has to sign in anew", path, type(error).__name__)
        return session
    age_s = (now.monotonic_ns - told.monotonic_ns) / 1e9
    if told.boot_id != now.boot_id or not 0 <= age_s <= GOOD_FOR_S:
        return session
    return replace(session, service=Service(told.mode, told.notice), staff=told.staff)
