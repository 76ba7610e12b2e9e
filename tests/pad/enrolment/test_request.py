"""What the screen asks of root: taken from the right hand only, bounded, and once."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from pad.enrolment import Enrolment, Outcome, request
from pad.enrolment.request import REQUEST_MAX, RequestError, Result

ASKED = Enrolment("https://platform.example/gateway", "ABCD-EFGH")
ME = os.geteuid()


def file(place: Path) -> Path:
    return place / "asked" / "request"


def test_what_is_asked_is_taken_once(tmp_path: Path) -> None:
    asked = request.ask(tmp_path, ASKED)
    assert request.take(file(tmp_path), ME) == (asked, ASKED)
    assert list((tmp_path / "asked").iterdir()) == []
    with pytest.raises(RequestError, match="scan the code again"):
        request.take(file(tmp_path), ME)


def test_nobody_else_reads_the_code(tmp_path: Path) -> None:
    request.ask(tmp_path, ASKED)
    assert file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert file(tmp_path).parent.stat().st_mode & 0o777 == 0o700


def test_another_users_request_is_none(tmp_path: Path) -> None:
    request.ask(tmp_path, ASKED)
    with pytest.raises(RequestError, match="not a plain file of the screen's own user"):
        request.take(file(tmp_path), ME + 1)
    assert not file(tmp_path).exists(), "it would be asked for ever"


def test_a_link_to_another_file_is_not_followed_and_that_file_stays(tmp_path: Path) -> None:
    request.ask(tmp_path, ASKED)
    other = tmp_path / "other"
    file(tmp_path).rename(other)
    file(tmp_path).symlink_to(other)
    with pytest.raises(RequestError, match="cannot be read"):
        request.take(file(tmp_path), ME)
    assert other.exists()
    assert not file(tmp_path).is_symlink()
    os.link(other, file(tmp_path))
    with pytest.raises(RequestError, match="not a plain file"):
        request.take(file(tmp_path), ME)
    assert other.exists()


def test_a_pipe_holds_nobody_up(tmp_path: Path) -> None:
    file(tmp_path).parent.mkdir()
    os.mkfifo(file(tmp_path))
    with pytest.raises(RequestError, match="not a plain file"):
        request.take(file(tmp_path), ME)


def test_no_file_but_a_request_is_taken_away(tmp_path: Path) -> None:
    other = tmp_path / "pad.toml"
    other.write_text("x", encoding="utf-8")
    with pytest.raises(RequestError, match="no request of a pad's screen"):
        request.take(other, ME)
    assert other.exists()


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"x" * (REQUEST_MAX + 1), b'{"id": "../../etc/pad", "text": "pad-enrol:?platform=x&code=y"}',
     b'{"id": "0123456789abcdef", "text": "pad-enrol:?platform=ftp://x&code=ABCD-EFGH"}',
     b'{"id": "0123456789abcdef", "text": "' + b"x" * 600 + b'"}', b"\xff\xfe"],
)  # fmt: skip
def test_what_is_no_request_is_said_to_be_none_without_repeating_it(tmp_path: Path, data: bytes) -> None:
    file(tmp_path).parent.mkdir()
    file(tmp_path).write_bytes(data)
    with pytest.raises(RequestError, match=r"not a request|more than") as raised:
        request.take(file(tmp_path), ME)
    assert "ABCD" not in str(raised.value)
    assert not file(tmp_path).exists()


def test_what_came_of_it_is_told_to_who_asked_and_of_no_older_request(tmp_path: Path) -> None:
    first, second = request.ask(tmp_path, ASKED), request.ask(tmp_path, ASKED)
    assert request.result(tmp_path, second) is None
    told = Result(first, Outcome.ENROLLED, "pad-7", "大厅", "A07")
    request.tell(tmp_path, told)
    assert request.result(tmp_path, first) == told
    assert request.result(tmp_path, second) is None
    assert set(msgspec.json.decode((tmp_path / "told/result.json").read_bytes())) == {
        "id", "outcome", "device", "hall_name", "win_no",
    }  # fmt: skip


def test_a_request_nobody_took_is_taken_back_but_no_later_one(tmp_path: Path) -> None:
    first = request.ask(tmp_path, ASKED)
    request.take_back(tmp_path, "0" * 16)
    assert file(tmp_path).exists()
    request.take_back(tmp_path, first)
    assert not file(tmp_path).exists()


def test_in_a_development_tree_both_folders_are_beside_the_ledger(tmp_path: Path) -> None:
    if not request.INSTALLED.exists():
        assert request.folder(tmp_path) == tmp_path / "enrol"
