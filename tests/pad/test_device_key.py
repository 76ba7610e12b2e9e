"""The device's keys: made where absent, never replaced, and not made for a ledger that has lost its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from pad import gm
from pad.device_key import device_key, make_keys
from pad.keys import SecretError

ALL = ("chain.key", "device_sm2.key", "sealing.key")


def test_every_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    assert make_keys(tmp_path, has_ledger=False) == ALL
    files = [tmp_path / "keys" / name for name in ALL]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    before = [file.read_bytes() for file in files]
    assert make_keys(tmp_path, has_ledger=True) == ()
    assert [file.read_bytes() for file in files] == before


def test_beside_a_ledger_only_the_devices_own_is_made(tmp_path: Path) -> None:
    make_keys(tmp_path, has_ledger=False)
    (tmp_path / "keys/device_sm2.key").unlink()
    assert make_keys(tmp_path, has_ledger=True) == ("device_sm2.key",)
    (tmp_path / "keys/chain.key").unlink()
    with pytest.raises(SecretError, match="put the key back from its backup"):
        make_keys(tmp_path, has_ledger=True)


def test_the_pair_opens_what_is_sealed_to_it(tmp_path: Path) -> None:
    pair = device_key(tmp_path)
    assert device_key(tmp_path) == pair
    sealed = gm.sm2_encrypt(pair.public_key, b"word")
    assert gm.sm2_decrypt(pair.private_key, sealed) == b"word"
    assert pair.private_key not in repr(pair)


@pytest.mark.parametrize("text", ["", "00", "f" * 64, "x" * 64])
def test_what_is_no_key_is_said_to_be_none_and_stays(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").mkdir()
    file = tmp_path / "keys/device_sm2.key"
    file.write_text(text, encoding="ascii")
    with pytest.raises(SecretError, match=r"device_sm2\.key: not a key of ours"):
        device_key(tmp_path)
    assert file.read_text(encoding="ascii") == text
