"""How syncd starts, and what it says when it cannot; and what systemd is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.syncd.city import WITHIN_S, City, CityServer
from tests.syncd.pad_box import PadBox


def ended(box: PadBox, *words: str, **environment: str) -> tuple[int, str]:
    daemon = box.daemon(*words, **environment)
    return daemon.wait(), "".join(daemon.log)


def test_a_wrong_setting_stops_the_start_with_its_name(box: PadBox, city: City, online: CityServer) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", batch=0)
    code, said = ended(box)
    assert code == 1
    assert "pad.toml: sync.batch: found 0" in said


def test_a_wrong_command_line_is_2(box: PadBox, city: City, online: CityServer) -> None:
    assert ended(box, "--twice")[0] == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("app_word", None, "app_word: missing"),
        ("app_word", "", "app_word: missing or empty"),
        ("platform_sm2.pub", None, "platform_sm2.pub: missing"),
        ("platform_sm2.pub", "04abcd", "platform_sm2.pub: an SM2 public key is 128 hex digits"),
        ("sealing.key", "zz", "sealing.key: not a key"),
    ],
)
def test_a_secret_that_is_missing_or_wrong_is_named(
    box: PadBox, city: City, online: CityServer, name: str, content: str | None, said: str
) -> None:
    path = box.state / "keys" / name
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="ascii")
    code, words = ended(box)
    assert code == 1
    assert said in words
    assert str(path) in words


def test_itemised_without_tls_is_for_this_machine_only(box: PadBox, city: City, online: CityServer) -> None:
    box.configure("http://platform.example.gov.cn", "itemised")
    code, words = ended(box)
    assert code == 1
    assert "platform.url" in words
    assert "https" in words


def test_itemised_needs_no_public_key_and_a_credential_of_systemd_serves_as_secret(
    box: PadBox, city: City, itemised: CityServer, tmp_path: Path
) -> None:
    (box.state / "keys" / "platform_sm2.pub").unlink()
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (box.state / "keys" / "app_word").rename(credentials / "app_word")
    box.rate("P0")
    daemon = box.daemon("--once", CREDENTIALS_DIRECTORY=str(credentials))
    assert daemon.wait() == 0
    assert city.distinct == ["P0"]


def test_the_key_of_the_chain_is_not_needed(box: PadBox, city: City, online: CityServer) -> None:
    (box.state / "keys" / "chain.key").unlink()
    box.rate("P0")
    assert box.daemon("--once").wait() == 0


# --- systemd -----------------------------------------------------------------------------------


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(path)
        listening.settimeout(WITHIN_S)
        yield listening, path


def test_systemd_is_told_and_the_watchdog_is_fed(
    box: PadBox, city: City, online: CityServer, systemd: tuple[socket.socket, str]
) -> None:
    listening, path = systemd
    box.configure(f"http://127.0.0.1:{online.port}", connect_timeout_s=0.1, answer_timeout_s=0.1)
    daemon = box.daemon(NOTIFY_SOCKET=path, WATCHDOG_USEC="300000000")
    said: list[str] = []
    while not {"READY=1", "WATCHDOG=1", "STATUS=nothing waits"} <= set(said):
        said.append(listening.recv(200).decode())
    daemon.terminate()
    while "STOPPING=1" not in said:
        said.append(listening.recv(200).decode())


def test_a_watchdog_shorter_than_a_slow_answer_is_made_longer(
    box: PadBox, city: City, online: CityServer, systemd: tuple[socket.socket, str]
) -> None:
    listening, path = systemd
    box.daemon(NOTIFY_SOCKET=path, WATCHDOG_USEC="3000000").wait_for_log("delivering")
    said = ""
    while not said.startswith("WATCHDOG_USEC="):
        said = listening.recv(200).decode()
    assert int(said.removeprefix("WATCHDOG_USEC=")) > 3_000_000
