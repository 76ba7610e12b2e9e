"""How the pad's screen, which may write nothing of root's, has root enrol the pad with a scanned code.

Two folders: ``asked``, the screen's own, with one small file ``request``; and ``told``, root's, with
``result.json``. systemd's ``pad-enrol.path`` starts ``padctl enrol --request`` when a request is there.
Root takes nothing on trust: a plain file of the right owner and of bounded size, whose text is parsed
as if it had just been scanned.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pad import enrolment
from pad.enrolment import Enrolment, EnrolmentError, Outcome

INSTALLED: Final = Path("/run/pad-enrol")
ASKED: Final = "asked"
TOLD: Final = "told"
REQUEST_MAX: Final = 1024
"""Bytes."""
_RESULT_MAX: Final = 8192


class RequestError(Exception):
    """A request is not to be acted on; the message says why."""


class Result(msgspec.Struct, frozen=True):
    """What the screen is told; nothing secret."""

    id: str
    outcome: Outcome
    device: str = ""
    hall_name: str = ""
    win_no: str = ""


class _Request(msgspec.Struct, frozen=True):
    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
    text: Annotated[str, Meta(max_length=enrolment.TEXT_MAX)]


def folder(state_dir: Path) -> Path:
    """Where both folders are: root's on an installed pad, else beside the ledger."""
    return INSTALLED if (INSTALLED / ASKED).is_dir() else state_dir / "enrol"


def ask(place: Path, asked: Enrolment) -> str:
    """Leave a request; its id.

    :raises OSError: if it cannot be left
    """
    request = _Request(secrets.token_hex(8), enrolment.text_of(asked))
    folder = place / ASKED
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f".{request.id}"
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(request))
        fresh.replace(folder / "request")
    finally:
        fresh.unlink(missing_ok=True)
    return request.id


def take_back(place: Path, request_id: str) -> bool:
    """Take a request back that nobody took: a code is not to be acted on hours later.

    :returns: false if it was taken, and is being acted on
    """
    file = place / ASKED / "request"
    try:
        if msgspec.json.decode(file.read_bytes(), type=_Request).id != request_id:
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    except (OSError, msgspec.DecodeError):
        pass
    return True


def result(place: Path, request_id: str) -> Result | None:
    """What root says of a request; None while it says nothing."""
    try:
        with (place / TOLD / "result.json").open("rb") as file:
            found = msgspec.json.decode(file.read(_RESULT_MAX), type=Result)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.id == request_id else None


def take(file: Path, owner: int) -> tuple[str, Enrolment]:
    """Take a request away, and read it; its id and the enrolment it asks for.

    :param owner: the user number whose file it has to be
    :raises RequestError: if it is not to be acted on
    """
    if (file.parent.name, file.name) != (ASKED, "request"):
        raise RequestError(f"{file}: no request of a pad's screen; those are called {ASKED}/request")
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as opened:
            there = os.fstat(opened.fileno())
            data = opened.read(REQUEST_MAX + 1) if stat.S_ISREG(there.st_mode) else b""
    except OSError as error:
        raise RequestError(f"{file}: cannot be read ({error.strerror}); scan the code again") from error
    finally:
        with suppress(OSError):  # whatever it is, it is asked once
            file.unlink()
    if not stat.S_ISREG(there.st_mode) or there.st_uid != owner or there.st_nlink != 1:
        raise RequestError(f"{file}: not a plain file of the screen's own user; nothing is done")
    if len(data) > REQUEST_MAX:
        raise RequestError(f"{file}: more than {REQUEST_MAX} bytes; nothing is done")
    try:
        found = msgspec.json.decode(data, type=_Request)
        return found.id, enrolment.parse(found.text)
    except (msgspec.DecodeError, UnicodeDecodeError, EnrolmentError):
        raise RequestError(f"{file}: not a request with an enrolment code; scan the code again") from None


def tell(place: Path, told: Result) -> None:
    """Say what came of a request.

    :raises OSError: if it cannot be said
    """
    folder = place / TOLD
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    fresh = folder / f".{told.id}"
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
            file.write(msgspec.json.encode(told))
        fresh.replace(folder / "result.json")
    finally:
        fresh.unlink(missing_ok=True)
