"""The device's secrets: read from systemd credentials or ``$PAD_STATE/keys``, made once, 0600."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHAIN_KEY_BYTES: Final = 32
SEALING_KEY_BYTES: Final = 16


class SecretError(RuntimeError):
    """A secret is missing or malformed; the message names the file, never the secret."""


@dataclass(frozen=True, slots=True, repr=False)
class DeviceKeys:
    """The keys the ledger needs: one for the chain, one for personal data."""

    chain: bytes
    sealing: bytes


def read_secret(state_dir: Path, name: str) -> str | None:
    """A secret's text: systemd's credential of that name, else ``keys/NAME``; None if neither is there.

    :raises SecretError: if it is there but cannot be read
    """
    found = _find(state_dir, name)
    return None if found is None else found[1]


def _find(state_dir: Path, name: str) -> tuple[Path, str] | None:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    handed = [Path(credentials) / name] if credentials else []
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
    :raises SecretError: if a key is missing and may not be made, or has the wrong length
    """
    return DeviceKeys(
        chain=_hex_key(state_dir, "chain.key", CHAIN_KEY_BYTES, may_create=may_create),
        sealing=_hex_key(state_dir, "sealing.key", SEALING_KEY_BYTES, may_create=may_create),
    )


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
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
