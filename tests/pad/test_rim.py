"""Where files and sockets fail: no key is shown or left half written, no ring fails a rating."""

from __future__ import annotations

import os
import resource
import socket
import traceback
from pathlib import Path

import pytest

from pad import doorbell, keys
from pad.doorbell import Doorbell
from pad.keys import SecretError


def test_a_malformed_credential_is_named_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "chain.key").write_text("hunter2")
    with pytest.raises(SecretError, match=r"credentials/chain\.key: not a key") as refused:
        keys.device_keys(tmp_path, may_create=True)
    assert "hunter2" not in str(refused.value)
    assert not (tmp_path / "keys" / "chain.key").exists()


def test_a_key_that_is_no_text_shows_in_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "app_word").write_bytes(b"hunter2\xff")
    with pytest.raises(SecretError, match="app_word: cannot be read") as refused:
        keys.read_secret(tmp_path, "app_word")
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_key_that_cannot_be_written_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            keys.device_keys(tmp_path, may_create=True)
    assert list((tmp_path / "keys").iterdir()) == []
    assert keys.device_keys(tmp_path, may_create=True) == keys.device_keys(tmp_path, may_create=False)


def test_one_key_of_two_is_made_without_touching_the_other(tmp_path: Path) -> None:
    first = keys.device_keys(tmp_path, may_create=True)
    (tmp_path / "keys" / "sealing.key").unlink()
    again = keys.device_keys(tmp_path, may_create=True)
    assert again.chain == first.chain
    assert again.sealing != first.sealing


def test_keys_show_themselves_to_nobody(tmp_path: Path) -> None:
    made = keys.device_keys(tmp_path, may_create=True)
    assert made.chain.hex() not in repr(made)
    assert repr(made.chain) not in repr(made)


def test_a_ring_without_descriptors_left_fails_nobody(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        assert not doorbell.ring(tmp_path)
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_looking_without_waiting_hears_only_what_was_rung(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path)
    assert not bell.wait(0)
    doorbell.ring(tmp_path)
    assert bell.wait(0)
    assert not bell.wait(0)
    bell.close()


def test_an_empty_datagram_is_a_ring_too(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.sendto(b"", str(tmp_path / "doorbell"))
    assert bell.wait(0)
    bell.close()


def test_a_bell_left_behind_by_a_killed_listener_is_no_hindrance(tmp_path: Path) -> None:
    Doorbell(tmp_path).close()
    bell = Doorbell(tmp_path)
    assert doorbell.ring(tmp_path)
    assert bell.wait(60)
    bell.close()
