"""The device's own key pair, ``keys/device_sm2.key``: made once, kept over every enrolment."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pad import gm, keys
from pad.gm import GmError, Sm2KeyPair
from pad.keys import SecretError

NAME: Final = "device_sm2.key"


def make_keys(state_dir: Path, *, has_ledger: bool) -> tuple[str, ...]:
    """Make every key of the device that is not there; the names of those made.

    :raises SecretError: if a ledger is there without the keys it needs, or a key is malformed
    """
    before = _there(state_dir)
    keys.device_keys(state_dir, may_create=not has_ledger)
    device_key(state_dir)
    return tuple(sorted(_there(state_dir) - before))


def device_key(state_dir: Path) -> Sm2KeyPair:
    """The key pair; made if there is none.

    :raises SecretError: if what is there is none
    """
    found = keys.read_secret(state_dir, NAME)
    if found is None:
        keys.write_secret(state_dir / "keys" / NAME, gm.sm2_generate_keypair().private_key)
        found = keys.read_secret(state_dir, NAME) or ""
    try:
        return gm.sm2_keypair(found)
    except GmError as error:
        raise SecretError(
            f"{state_dir / 'keys' / NAME}: not a key of ours; put it back from its backup, "
            "or remove it and enrol with a new code"
        ) from error


def _there(state_dir: Path) -> set[str]:
    folder = state_dir / "keys"
    return {path.name for path in folder.iterdir() if path.suffix == ".key"} if folder.is_dir() else set()
