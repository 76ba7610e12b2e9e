"""What is carried on a stick: lines sealed and signed with the platform's word for the application.

Both ends have that word and nobody else: the pad, and the machine with the line that speaks for it. So a
stick that is lost tells nobody anything, and nobody else can make one. A device's own SM2 key would prove
no more here, since the machine that reads the stick has no list of the pads' keys; the platform has.

The file is text. The first line says in JSON what it is and for whom. Each line after it is an item, SM4-GCM
(``pad/gm.py``) in base64, bound to the pouch and to its place in it. The last has the number of items and the
signature: an HMAC-SM3 chained over every line before. Read whole and checked before any of it is used.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from hmac import compare_digest
from pathlib import Path
from typing import Any, BinaryIO, Final

from pad.gm import SM4_KEY_BYTES, GmError, hmac_sm3, sm4_gcm_open, sm4_gcm_seal

FORMAT: Final = "window-rating-pad stick 1"
LINE_MAX: Final = 64 * 1024
"""Bytes. A rating at all its limits, sealed and in base64, has below 20 KiB."""


class PouchError(Exception):
    """A file is no pouch, or none of ours, or not whole; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Label:
    """The first line: what is in it (``ratings`` or ``receipts``), whose, and of when."""

    content: str
    device: str
    app_mark: str
    made_at: str
    bundle: str
    format: str = FORMAT
    note: str = "sealed and signed with the platform's word for app_mark; read it with: padctl import"


def new_bundle() -> str:
    """A name for a new one."""
    return str(uuid.uuid4())


def write(file: BinaryIO, label: Label, word: str, items: Iterable[bytes]) -> int:
    """Write a pouch; how many items it has."""
    seal, mac = _keys(word, label)
    running, count = b"", 0
    first = json.dumps(asdict(label), ensure_ascii=False).encode()
    running = _on(mac, running, file, first)
    for item in items:
        count += 1
        running = _on(mac, running, file, base64.b64encode(sm4_gcm_seal(seal, item, _place(label, count))))
    end = json.dumps({"items": count}).encode()
    running = _on(mac, running, file, end)
    file.write(running.hex().encode() + b"\n")
    return count


def read_label(path: Path) -> Label:
    """Who it is for, not yet checked.

    :raises PouchError: if it is no pouch
    """
    with _opened(path) as file:
        return _label(path, file.readline(LINE_MAX))


def read(path: Path, word: str) -> tuple[Label, int]:
    """Check all of a pouch; its label, and how many items it has.

    :raises PouchError: if it is none, is cut off, or was not made with this word
    """
    with _opened(path) as file:
        label = _label(path, file.readline(LINE_MAX))
        _, mac = _keys(word, label)
        file.seek(0)
        running, items = b"", -1
        ended = None
        while line := file.readline(LINE_MAX):
            text = line.rstrip(b"\n")
            if ended is not None:
                if not compare_digest(text, running.hex().encode()):
                    raise PouchError(
                        f"{path}: it was changed, or made with another word than this machine's "
                        f"for {label.app_mark}; nothing of it is used"
                    )
                if file.read(1):
                    break
                return label, ended
            running = hmac_sm3(mac, running + text)
            ended = _end(text) if items >= 0 else None
            items += 1
    raise PouchError(f"{path}: it is not whole; copy it again from the pad, nothing of it is used")


def items(path: Path, label: Label, word: str) -> Iterator[bytes]:
    """The items of a pouch that :func:`read` has checked."""
    seal, _ = _keys(word, label)
    with _opened(path) as file:
        file.readline(LINE_MAX)
        place = 0
        while line := file.readline(LINE_MAX):
            if _end(line) is not None:
                return
            place += 1
            try:
                yield sm4_gcm_open(seal, base64.b64decode(line, validate=False), _place(label, place))
            except (GmError, binascii.Error):
                raise PouchError(f"{path}: item {place} does not open; nothing more of it is used") from None


def _keys(word: str, label: Label) -> tuple[bytes, bytes]:
    """For each pouch keys of its own: one seals, one signs."""
    name = f"{label.content}\0{label.bundle}".encode()
    seal = hmac_sm3(word.encode(), b"stick seal\0" + name)[:SM4_KEY_BYTES]
    return seal, hmac_sm3(word.encode(), b"stick sign\0" + name)


def _place(label: Label, count: int) -> bytes:
    return f"{label.content}\0{label.bundle}\0{count}".encode()


def _on(mac: bytes, running: bytes, file: BinaryIO, line: bytes) -> bytes:
    file.write(line + b"\n")
    return hmac_sm3(mac, running + line)


def _end(line: bytes) -> int | None:
    """The number of items, if this is the line that says it."""
    if not line.startswith(b"{"):
        return None
    try:
        found = json.loads(line)["items"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, int) else None


def _label(path: Path, line: bytes) -> Label:
    try:
        told: dict[str, Any] = json.loads(line)
        if told["format"] != FORMAT:
            raise ValueError(told["format"])
        label = Label(**told)
        if not all(isinstance(each, str) for each in asdict(label).values()):
            raise ValueError("a label of texts is needed")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PouchError(
            f"{path}: it is no bundle of this version; padctl export --format bundle makes one"
        ) from None
    return label


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise PouchError(f"{path}: cannot be read ({error.strerror})") from None
