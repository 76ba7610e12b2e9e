"""The bulletin's way: from the platform over HTTP to the pad's disk, and nothing broken ever gets there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pad import bulletin, gm
from pad.bulletin import Bulletin
from syncd.bulletin import Messenger
from syncd.platforms.base import Publishing
from tests.syncd.city import City, CityServer, Line, Request, Script, http, says
from tests.syncd.pad_box import PadBox
from tests.syncd.parcels import NOW, Connect

FIGURES = {
    "period": {"zh_CN": "2026年10月"}, "ratings": 1, "satisfied_percent": 99.2, "bad": 7, "bad_handled": 7,
}  # fmt: skip
FIRST = {"version": "v 1", "indicator": [], "notices": [{"text": {"zh_CN": "甲"}}], "figures": FIGURES}
SECOND = FIRST | {"version": "2", "notices": []}


class Publisher(City):
    """A city that is asked for its catalogue: ``published`` answers those calls."""

    published: Script = staticmethod(says(200, FIRST))

    def answer(self, request: Request, line: Line) -> bytes | None:
        if request.method != "GET" or not request.path.startswith("/gateway/v1/catalogue"):
            return super().answer(request, line)
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
        return self.published(request, line)


@pytest.fixture
def city() -> Publisher:
    return Publisher()


@pytest.fixture
def messenger(box: PadBox, itemised: CityServer, connect: Connect) -> Messenger:
    platform = connect()
    assert isinstance(platform, Publishing)
    return Messenger(box.state, platform)


def log_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_what_is_published_is_on_disk(box: PadBox, messenger: Messenger) -> None:
    messenger.go()
    hanging = bulletin.read(box.state)
    assert hanging == bulletin.parse(json.dumps(FIRST).encode())
    assert hanging.version == "v 1"


def test_the_call_byte_by_byte(box: PadBox, city: Publisher, messenger: Messenger) -> None:
    messenger.go()
    messenger.go()
    first, second = city.requests
    assert (first.path, first.body) == ("/gateway/v1/catalogue", b"")
    assert second.path == "/gateway/v1/catalogue?version=v+1"
    headers = second.headers
    assert headers["X-App-Mark"] == "mark"
    assert headers["X-Timestamp"] == str(round(NOW.timestamp() * 1000))
    assert headers["X-Nonce"] != first.headers["X-Nonce"]
    signed = "\n".join(
        ("GET", "/gateway/v1/catalogue", headers["X-Timestamp"], headers["X-Nonce"], gm.sm3(b"").hex())
    )
    assert headers["X-Signature"] == gm.hmac_sm3(city.app_word.encode(), signed.encode()).hex()


def test_unchanged_writes_nothing(box: PadBox, city: Publisher, messenger: Messenger) -> None:
    messenger.go()
    before = (box.state / bulletin.NAME).stat()
    city.published = says(304)
    messenger.go()
    after = (box.state / bulletin.NAME).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<!doctype html><title>上网认证</title>"),
        (200, {"error": "log in first"}),
        (200, SECOND | {"notices": "今日闭馆"}),
        (200, SECOND | {"figures": FIGURES | {"satisfied_percent": "99"}}),
        (200, SECOND | {"figures": FIGURES | {"bad": -1}}),
        (200, SECOND | {"version": 2}),
        (200, SECOND | {"version": "2\n2026-01-01 a line of somebody else's in the log"}),
        (200, json.dumps(SECOND)[:-20]),
        (200, json.dumps(SECOND) + " " * 2 * 1024 * 1024),
        (200, '{"version": "2", "x": ' + "[" * 100_000),
        (200, b"\xff\xfe"),
        (200, b""),
        (204, b""),
        (302, SECOND),
        (401, SECOND),
        (404, "nothing here"),
        (500, SECOND),
    ],
)
def test_a_broken_answer_leaves_the_one_before_and_is_said_once(
    box: PadBox,
    city: Publisher,
    messenger: Messenger,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: Any,
) -> None:
    messenger.go()
    city.published = says(status, body)
    for _ in range(3):
        messenger.go()
    assert bulletin.read(box.state).version == "v 1"
    assert len(caplog.records) == 1
    assert "\n" not in log_of(caplog)[0]


def test_304_to_a_pad_that_has_none_is_no_answer(
    box: PadBox, city: Publisher, messenger: Messenger, caplog: pytest.LogCaptureFixture
) -> None:
    city.published = says(304)
    messenger.go()
    assert bulletin.read(box.state) == Bulletin()
    assert log_of(caplog) == ["bulletin: HTTP 304"]


def test_a_broken_file_on_disk_is_replaced_by_a_whole_one(
    box: PadBox, city: Publisher, messenger: Messenger
) -> None:
    (box.state / bulletin.NAME).write_bytes(b"<html>")
    messenger.go()
    assert city.requests[0].path == "/gateway/v1/catalogue"
    assert bulletin.read(box.state).version == "v 1"


def test_when_the_line_is_back_it_is_said_once_and_the_next_one_comes(
    box: PadBox, city: Publisher, messenger: Messenger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    city.published = lambda request, line: http(503)
    for _ in range(3):
        messenger.go()
    city.published = says(200, FIRST)
    messenger.go()
    city.published = says(304)
    messenger.go()
    assert log_of(caplog) == [
        "bulletin: HTTP 503",
        "bulletin: version v 1, 1 notices",
        "bulletin: the platform gives it again",
    ]


def test_a_folder_that_cannot_be_written_is_said_and_the_one_before_stays(
    box: PadBox, city: Publisher, messenger: Messenger, caplog: pytest.LogCaptureFixture
) -> None:
    messenger.go()
    city.published = says(200, SECOND)
    (box.state / f"{bulletin.NAME}.part").mkdir()  # root may write everywhere, but not into a folder
    messenger.go()
    assert bulletin.read(box.state).version == "v 1"
    assert log_of(caplog) == [f"bulletin: cannot be kept in {box.state}: Is a directory"]
    (box.state / f"{bulletin.NAME}.part").rmdir()
    messenger.go()
    assert bulletin.read(box.state).version == "2"


def test_one_that_is_asked_to_stop_ends_at_once_and_says_nothing(
    box: PadBox, city: Publisher, messenger: Messenger, caplog: pytest.LogCaptureFixture
) -> None:
    def stopped(request: Request, line: Line) -> None:
        messenger.stop()
        line.hold()

    city.published = stopped
    messenger.go()
    assert caplog.records == []
    assert bulletin.read(box.state) == Bulletin()


def test_the_national_dialect_has_no_such_call(box: PadBox, online: CityServer, connect: Connect) -> None:
    assert not isinstance(connect(), Publishing)


def test_the_daemon_fetches_it_soon_after_its_start(
    box: PadBox, city: Publisher, itemised: CityServer
) -> None:
    daemon = box.daemon()
    daemon.wait_for_log("bulletin: version v 1")
    assert bulletin.read(box.state).version == "v 1"
    assert daemon.terminate() == 0
