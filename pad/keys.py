"""The device's secrets: read from systemd credentials or ``$PAD_STATE/keys``, made once, 0600.

``chain.key`` and ``sealing.key`` are the first of their kind. Those that came by rotation have a folder
for each kind: ``chain/2.key``, ``chain/3.key``, …, each with the row it begins with, and ``sealing/2.key``,
``sealing/3.key``, …. A key is in force once its file is there, whole. systemd hands a whole folder over
by its name and the file's (``LoadCredential=chain:…/keys/chain`` gives ``chain_2.key``), so that no unit
has to be changed for a new key.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pad.chain import Head, KeyChange, consent, key_at

CHAIN_KEY_BYTES: Final = 32
SEALING_KEY_BYTES: Final = 16
_CHANGE: Final = re.compile(r"([0-9a-f]{64}) ([1-9]\d{0,18}) ([0-9a-f]{64}) ([0-9a-f]{64})")
_KINDS: Final = ("chain", "sealing")
_UNFINISHED: Final = re.compile(r"\.(chain|sealing|\d+)\.key\.[0-9a-f]{8}")
_LEFT_BEHIND: Final = (
    "{folder}: there are newer keys than those this program was handed when it started; restart it"
)


class SecretError(RuntimeError):
    """A secret is missing or malformed; the message names the file, never the secret."""


@dataclass(frozen=True, slots=True, repr=False)
class DeviceKeys:
    """The keys the ledger needs: for the chain the first and its changes, for personal data the newest.

    ``earlier`` has the sealing keys before it that are still there, by number. ``chain`` is empty in
    a program that has no business with it. ``state_dir`` is where later ones appear.
    """

    chain: bytes
    sealing: bytes
    sealing_number: int = 1
    earlier: Mapping[int, bytes] = field(default_factory=lambda: MappingProxyType({}))
    changes: tuple[KeyChange, ...] = ()
    state_dir: Path | None = None
    sealing_is_file: bool = False

    def chain_at(self, seq: int) -> bytes:
        """The chain's key for a row."""
        return key_at(seq, self.chain, self.changes)

    def opening(self, number: int | None) -> bytes | None:
        """The sealing key of a number; None if it is not there, or no longer."""
        if number is None:
            return None
        return self.sealing if number == self.sealing_number else self.earlier.get(number)

    def current(self) -> DeviceKeys:
        """These, or those that are there now: asked at every use, for three looks at names are nothing.

        :raises SecretError: if a key that came meanwhile cannot be used, or was not handed to this program
        """
        if self.state_dir is None or not self._outdated(self.state_dir / "keys"):
            return self
        if not self.chain:
            return sealing_keys(self.state_dir)
        return device_keys(self.state_dir, may_create=False)

    def _outdated(self, folder: Path) -> bool:
        """Of the sealing keys the oldest leave first: while ours is there, so is the one after it."""
        if self._has_later(folder):
            return True
        return self.sealing_is_file and not (folder / _name("sealing", self.sealing_number)).exists()

    def _has_later(self, folder: Path) -> bool:
        """Names alone tell, so this is seen by whoever may not read what they name."""
        later = [_name("sealing", self.sealing_number + 1)]
        if self.chain:
            later.append(_name("chain", len(self.changes) + 2))
        return any((folder / name).exists() for name in later)

    def next_change(self, last: Head) -> KeyChange:
        """A new chain key from the row after ``last`` on, with the consent of the one before."""
        new, start = secrets.token_bytes(CHAIN_KEY_BYTES), last.seq + 1
        before = self.changes[-1].key if self.changes else self.chain
        return KeyChange(start, last.hash, new, consent(before, start, last.hash, new))

    def after(self, last: Head) -> DeviceKeys:
        """The keys for the row after ``last``; see :meth:`current`, which this does first.

        A ledger that begins anew, or lost its end, is shorter than when its key was last changed. Its
        next row is to bear no key that was given up, so the change is made once more, from there on.

        :raises SecretError: if a key that came meanwhile cannot be used
        """
        known = self.current()
        if known.state_dir is None or not known.changes or known.changes[-1].start <= last.seq + 1:
            return known
        with suppress(OSError):  # else the row has an earlier key, by which it verifies as well
            write_change(known.state_dir, len(known.changes) + 2, known.next_change(last))
        return known.current()


def read_secret(state_dir: Path, name: str) -> str | None:
    """A secret's text: systemd's credential of that name, else ``keys/NAME``; None if neither is there.

    :raises SecretError: if it is there but cannot be read
    """
    found = _find(state_dir, name)
    return None if found is None else found[1]


def _find(state_dir: Path, name: str) -> tuple[Path, str] | None:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    handed = [Path(credentials) / name.replace("/", "_")] if credentials else []
    for path in (*handed, state_dir / "keys" / name):
        try:
            text = path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            # not "from error": that one holds the bytes it could not decode
            raise SecretError(
                f"{path}: cannot be read ({type(error).__name__}); "
                "a file of ASCII text, mode 0600, readable by this user is needed"
            ) from None
        # an empty credential stands for a file that was not there (SetCredential= in systemd/*.service)
        if text or path not in handed:
            return path, text
    return None


def device_keys(state_dir: Path, *, may_create: bool) -> DeviceKeys:
    """The chain and sealing keys; made when the pad starts for the first time.

    :param may_create: false once a ledger exists: a new key would orphan what it holds
    :raises SecretError: if a key is missing and may not be made, or has the wrong length; or if there
        is a newer one than those that were handed to this program
    """
    chain = _hex_key(state_dir, "chain.key", CHAIN_KEY_BYTES, may_create=may_create)
    newest = _sealing_keys(state_dir, may_create=may_create)
    return _not_left_behind(replace(newest, chain=chain, changes=_changes(state_dir)))


def sealing_keys(state_dir: Path, *, may_create: bool = False) -> DeviceKeys:
    """The keys of raters' data alone; raises as :func:`device_keys` does."""
    return _not_left_behind(_sealing_keys(state_dir, may_create=may_create))


def _not_left_behind(found: DeviceKeys) -> DeviceKeys:
    """What was handed over at the start stays as it was then: with keys given up nothing is to be written."""
    handed = os.environ.get("CREDENTIALS_DIRECTORY")
    if handed and found.state_dir is not None and found._has_later(found.state_dir / "keys"):
        raise SecretError(_LEFT_BEHIND.format(folder=found.state_dir / "keys"))
    return found


def _sealing_keys(state_dir: Path, *, may_create: bool) -> DeviceKeys:
    found = {
        number: _hex_key(state_dir, _name("sealing", number), SEALING_KEY_BYTES, may_create=False)
        for number in _numbers(state_dir, "sealing")
    }
    if not found or _find(state_dir, "sealing.key") is not None:
        found[1] = _hex_key(state_dir, "sealing.key", SEALING_KEY_BYTES, may_create=may_create)
    number = max(found)
    file = state_dir / "keys" / _name("sealing", number)
    return DeviceKeys(
        chain=b"",
        sealing=found.pop(number),
        sealing_number=number,
        earlier=MappingProxyType(found),
        state_dir=state_dir,
        sealing_is_file=file.exists(),
    )


def _changes(state_dir: Path) -> tuple[KeyChange, ...]:
    numbers = _numbers(state_dir, "chain")
    if numbers != list(range(2, len(numbers) + 2)):
        missing = next(number for number in range(2, max(numbers)) if number not in numbers)
        raise SecretError(
            f"{state_dir / 'keys' / _name('chain', missing)}: missing; put it back from its backup"
        )
    return tuple(_change(state_dir, _name("chain", number)) for number in numbers)


def _change(state_dir: Path, name: str) -> KeyChange:
    path, text = _find(state_dir, name) or (state_dir / "keys" / name, "")
    found = _CHANGE.fullmatch(text)
    if found is None:
        raise SecretError(f"{path}: not a key that came by rotation; put it back from its backup")
    key, start, after, word = found.groups()
    return KeyChange(int(start), after, bytes.fromhex(key), word)


def write_change(state_dir: Path, number: int, change: KeyChange) -> None:
    """Put a chain key in force from its row on; the first is number 1.

    :raises OSError: if it cannot be written, and then it is not in force
    """
    text = f"{change.key.hex()} {change.start} {change.after} {change.consent}"
    write_secret(state_dir / "keys" / _name("chain", number), text)


def write_sealing_key(state_dir: Path, number: int) -> None:
    """Put a new sealing key in force; raises as :func:`write_change` does."""
    write_secret(state_dir / "keys" / _name("sealing", number), secrets.token_hex(SEALING_KEY_BYTES))


def remove_sealing_key(state_dir: Path, number: int) -> None:
    """Remove a sealing key that nothing needs; one that comes as a credential stays."""
    (state_dir / "keys" / _name("sealing", number)).unlink(missing_ok=True)


def remove_unfinished(state_dir: Path) -> None:
    """Remove what a power cut left of a key being written, which was never in force.

    Nobody else may be writing a secret of these names meanwhile.
    """
    for folder in ("", *_KINDS):
        for path in (state_dir / "keys" / folder).glob(".*.key.*"):
            if _UNFINISHED.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _name(kind: str, number: int) -> str:
    return f"{kind}.key" if number == 1 else f"{kind}/{number}.key"


def _numbers(state_dir: Path, kind: str) -> list[int]:
    """The numbers there are, of keys that came by rotation."""
    places = [(state_dir / "keys" / kind, "")]
    if handed := os.environ.get("CREDENTIALS_DIRECTORY"):
        places.append((Path(handed), f"{kind}_"))
    found: set[int] = set()
    for folder, before in places:
        # the package's folder lets nobody look what there is, and hands over credentials instead
        with suppress(FileNotFoundError, PermissionError):
            names = [re.fullmatch(rf"{before}([1-9]\d{{0,4}})\.key", each.name) for each in folder.iterdir()]
            found |= {number for name in names if name and (number := int(name[1])) > 1}
    return sorted(found)


def _hex_key(state_dir: Path, name: str, length: int, *, may_create: bool) -> bytes:
    found = _find(state_dir, name)
    if found is None:
        made = state_dir / "keys" / name
        if not may_create:
            raise SecretError(
                f"{made}: missing, but the ledger beside it needs it; "
                "put the key back from its backup, or set the ledger aside"
            )
        write_secret(made, secrets.token_hex(length))
        found = _find(state_dir, name) or (made, "")
    path, text = found
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != length:
        raise SecretError(f"{path}: not a key; {2 * length} hexadecimal digits are needed")
    return key


def write_secret(path: Path, text: str, *, replace: bool = False) -> None:
    """Write a secret with mode 0600, whole or not at all; one that is there stays, unless told otherwise."""
    is_new = not path.parent.exists()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text.encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if replace:
            fresh.replace(path)
        else:
            with suppress(FileExistsError):
                os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    for folder in (path.parent, path.parent.parent) if is_new else (path.parent,):
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
