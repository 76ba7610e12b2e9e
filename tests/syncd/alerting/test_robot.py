"""One robot over real HTTP: only its own word counts, and whatever else comes has an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from pad import keys
from syncd.alerting.base import Answer, Refused, Target, Throttled, Told, Unheard, Unreached
from syncd.alerting.choice import targets_for
from tests.ports import free_port
from tests.syncd.city import City, CityServer, HangUp, Line, Request, http, says
from tests.syncd.pad_box import PadBox

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def target(box: PadBox, robot: CityServer) -> Iterator[Target]:
    (made,) = targets_for(box.settings(), lambda: NOW)
    with closing(made):
        yield made


def hangs_up(request: Request, line: Line) -> bytes:
    raise HangUp


def holds(request: Request, line: Line) -> None:
    line.hold()


def drips(request: Request, line: Line) -> None:
    line.drip(http(200, {"errcode": 0}), 0.2)


def test_a_message_is_posted_to_the_robots_address(target: Target, group: City) -> None:
    assert target.tell("", "差评", "key") == Told()
    (request,) = group.requests
    assert (request.method, request.path) == ("POST", "/cgi-bin/webhook/send?key=s3cret")
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert request.json == {"msgtype": "text", "text": {"content": "差评"}}


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        (says(200, {"errcode": 45009}), Throttled("too many messages (code 45009)", 60)),
        (says(429, headers={"Retry-After": "7"}), Throttled("HTTP 429", 7)),
        (says(429), Throttled("HTTP 429", 60)),
        (says(200, "<html>login</html>"), Unreached("HTTP 200 with a body that is no robot's")),
        (says(200, ""), Unreached("HTTP 200 with a body that is no robot's")),
        (says(200, "[]"), Unreached("HTTP 200 with a body that is no robot's")),
        (says(200, '{"errcode": 0'), Unheard("HTTP 200 with an answer that cannot be read")),
        (says(200, {"errcode": "0"}), Unheard("HTTP 200 with an answer that cannot be read")),
        (says(200, b'{"errcode":' + b"[" * 100_000), Unheard("HTTP 200 with an answer that cannot be read")),
        (says(400, {"errcode": 0}), Refused("HTTP 400")),
        (says(400, {"errcode": 40008}), Refused("it refuses the message (code 40008)")),
        (says(401), Refused("HTTP 401")),
        (says(409), Refused("HTTP 409")),
        (says(413), Refused("HTTP 413")),
        (says(404), Unreached("HTTP 404")),
        (says(502), Unreached("HTTP 502")),
        (says(302, headers={"Location": "http://elsewhere.example/"}), Unreached("HTTP 302")),
        (hangs_up, Unheard("the connection broke (RemoteDisconnected)")),
        (holds, Unheard("no whole answer within 0.3 s")),
        (drips, Unheard("no whole answer within 0.3 s")),
    ],
)
def test_only_its_own_word_counts(
    box: PadBox, robot: CityServer, group: City, script: Callable[..., bytes | None], answer: Answer
) -> None:
    if script in (holds, drips):
        box.limit(0.3)
    group.script.append(script)
    (target,) = targets_for(box.settings(), lambda: NOW)
    with closing(target):
        assert target.tell("", "差评", "key") == answer
    group.wait_for(lambda: bool(group.requests))
    assert len(group.requests) == 1


def test_where_nobody_listens_nothing_arrived(box: PadBox, robot: CityServer) -> None:
    keys.write_secret(box.state / "keys" / "alert_wecom", f"http://127.0.0.1:{free_port()}/", replace=True)
    (target,) = targets_for(box.settings(), lambda: NOW)
    assert target.tell("", "差评", "key") == Unreached("the connection was refused")


def test_a_proxy_that_the_environment_names_is_not_asked(
    target: Target, group: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert target.tell("", "差评", "key") == Told()


def test_asked_to_stop_it_ends_at_once(target: Target, group: City) -> None:
    def aborts(request: Request, line: Line) -> None:
        target.abort()
        line.hold()

    group.script.append(aborts)
    assert not isinstance(target.tell("", "差评", "key"), Told)
