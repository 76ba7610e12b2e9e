"""What every dialect has to live through, against a real HTTP server. How to use it: docs/integrator.md.

A test module of a dialect derives a class from :class:`DialectContract` and gives a ``peer`` fixture: how to
connect, and the words in which its platform says yes, no and known. All else is here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from pad.chain import Head
from pad.model import DeliveryState
from pad.settings import Sync
from syncd import policy
from syncd.platforms.base import (
    Answer,
    CredentialsRefused,
    NoAnswer,
    Parcel,
    Platform,
    Pulse,
    Reached,
    Throttled,
    TooLarge,
    Trouble,
)
from tests.syncd.city import City, CityServer, HangUp, Line, Request, Script, http, says
from tests.syncd.pad_box import PadBox
from tests.syncd.parcels import PERSON, parcel

ACKNOWLEDGED, REFUSED, PENDING = DeliveryState.ACKNOWLEDGED, DeliveryState.REFUSED, DeliveryState.PENDING
Body = Callable[[Request], object]


@dataclass(frozen=True)
class Peer:
    """One dialect's platform: how to connect, and the bodies of its answers.

    ``known`` says that it has the record already, ``stranger`` (None where only a status says it) that it
    does not know this pad; ``others`` is a yes to another request (None where answers name none).
    """

    connect: Callable[[], Platform]
    accepted: Body
    known: Body
    refused: Callable[[Request, str], object]
    stranger: Body | None = None
    others: Body | None = None


def closes(_request: Request, _line: Line) -> None:
    raise HangUp


def holds(_request: Request, line: Line) -> None:
    line.hold()


def says_what(body: Body, status: int = 200, headers: dict[str, str] | None = None) -> Script:
    return lambda request, line: http(status, body(request), headers, line.city.now())


SILENT_S = 0.4
"""So long a platform may be silent."""
LOGIN_PAGE = "<html><body>请登录 success true 0</body></html>"
NO_ANSWERS: dict[str, Script] = {
    "closed": closes,
    "captive portal": says(200, LOGIN_PAGE, {"Content-Type": "text/html"}),
    "nothing": says(200, b""),
    "204": says(204),
    "null": says(200, b"null"),
    "true": says(200, b"true"),
    "a word": says(200, b'"success"'),
    "a number": says(200, b"0"),
    "an empty list": says(200, b"[]"),
    "an empty object": says(200, b"{}"),
    "another's yes": says(200, {"code": 0, "success": 1, "msg": "success", "data": True}),
    "no UTF-8": says(200, b'{"success":"\xff"}'),
    "depth": says(200, b"[" * 100_000),
    "redirect": says(302, b"", {"Location": "/elsewhere"}),
    "redirect of a POST": says(307, b"", {"Location": "/elsewhere"}),
    "404": says(404, LOGIN_PAGE),
    "500": says(500, LOGIN_PAGE),
    "502": says(502, LOGIN_PAGE),
    "503": says(503, LOGIN_PAGE),
}


class DialectContract:
    """Each test names what must hold whatever the platform does."""

    @pytest.fixture
    def peer(self) -> Peer:
        raise NotImplementedError

    @pytest.fixture
    def platform(self, peer: Peer) -> Iterator[Platform]:
        connected = peer.connect()
        yield connected
        connected.close()

    @pytest.fixture
    def parcels(self, box: PadBox) -> list[Parcel]:
        return [parcel(box, "P1"), parcel(box, "P2")]

    # --- what is said counts as it is meant ---------------------------------------------

    def test_accepted_is_acknowledged(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        city.script.append(says_what(peer.accepted))
        assert fates(platform.submit("b", parcels), parcels) == [ACKNOWLEDGED, ACKNOWLEDGED]

    def test_known_already_is_acknowledged_for_a_record_alone(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        city.script.append(says_what(peer.known))
        assert fates(platform.submit("b", parcels[:1]), parcels[:1]) == [ACKNOWLEDGED]

    def test_409_is_known_already(self, platform: Platform, city: City, parcels: list[Parcel]) -> None:
        city.usual = says(409)
        assert fates(platform.submit("b", parcels[:1]), parcels[:1]) == [ACKNOWLEDGED]
        assert fates(platform.submit("c", parcels), parcels) == [PENDING, PENDING]

    def test_a_refusal_is_final_for_a_record_alone_and_has_the_platforms_words(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        city.script.append(says_what(lambda request: peer.refused(request, "事项编码不存在")))
        (fate,) = decided(platform.submit("b", parcels[:1]), parcels[:1]).fates
        assert (fate.state, fate.message) == (REFUSED, "事项编码不存在")

    def test_a_pad_the_platform_does_not_know_stops_and_alarms_and_loses_nothing(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        scripts = [says(401), says(403), *([says_what(peer.stranger)] if peer.stranger else [])]
        for script in scripts:
            city.usual = script  # a dialect may ask once more, signed at the platform's own time
            answer = platform.submit("b", parcels)
            assert isinstance(answer, CredentialsRefused)
            assert decided(answer, parcels).alarm
            assert fates(answer, parcels) == [PENDING, PENDING]

    def test_less_is_sent_where_less_is_asked_for(
        self, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        for script, kind in (
            (says(413), TooLarge),
            (says(429), Throttled),
            (says(503, b"", {"Retry-After": "7"}), Throttled),
        ):
            city.script.append(script)
            answer = platform.submit("b", parcels)
            assert isinstance(answer, kind)
            assert fates(answer, parcels) == [PENDING, PENDING]

    # --- everything else is no answer -----------------------------------------------------

    def test_what_is_no_answer_settles_nothing(
        self, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        for asked, (name, script) in enumerate(NO_ANSWERS.items(), 1):
            city.script.append(script)
            answer = platform.submit("b", parcels)
            assert isinstance(answer, NoAnswer), name
            assert fates(answer, parcels) == [PENDING, PENDING], name
            assert len(city.requests) == asked, f"{name}: sent again by itself"
        assert not city.looks, "followed a redirect"

    def test_silence_is_no_answer_and_has_an_end(
        self, peer: Peer, box: PadBox, city: City, parcels: list[Parcel]
    ) -> None:
        box.limit(SILENT_S)
        city.script.append(holds)
        with closing(peer.connect()) as impatient:
            answer = impatient.submit("b", parcels)
        assert isinstance(answer, NoAnswer)
        assert fates(answer, parcels) == [PENDING, PENDING]

    def test_a_yes_to_another_request_settles_nothing(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        if peer.others is not None:
            city.script.append(says_what(peer.others))
            assert fates(platform.submit("b", parcels), parcels) == [PENDING, PENDING]

    def test_a_yes_under_a_status_that_says_no_settles_nothing(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        for status in (302, 400, 404, 422, 500, 502):
            city.script.append(says_what(peer.accepted, status))
            assert fates(platform.submit("b", parcels), parcels) == [PENDING, PENDING], status

    def test_an_answer_that_was_cut_off_settles_nothing(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        whole = []

        def note(request: Request, line: Line) -> bytes:
            whole.append(json.dumps(peer.accepted(request), ensure_ascii=False).encode())
            return http(200, whole[-1])

        city.script.append(note)
        platform.submit("b", parcels)
        for length in range(0, len(whole[0]), max(1, len(whole[0]) // 40)):
            city.script.append(says(200, whole[0][:length]))
            assert fates(platform.submit("b", parcels), parcels) == [PENDING, PENDING], whole[0][:length]

    def test_a_huge_answer_settles_nothing(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        padded = says_what(lambda request: json.dumps(peer.accepted(request)) + " " * 2**21)
        city.script.append(padded)
        assert isinstance(platform.submit("b", parcels), NoAnswer)

    def test_500_is_told_apart_from_a_line_that_is_down(
        self, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        for status, trouble in ((500, Trouble.CHOKED), (502, Trouble.LINE)):
            city.script.append(says(status))
            answer = platform.submit("b", parcels)
            assert isinstance(answer, NoAnswer)
            assert answer.trouble is trouble

    # --- what is sent ------------------------------------------------------------------------

    def test_it_goes_on_after_every_misbehaviour(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        for script in (closes, says(200, LOGIN_PAGE), says(500), says(429)):
            city.script.append(script)
            platform.submit("b", parcels)
            city.script.append(says_what(peer.accepted))
            assert fates(platform.submit("b", parcels), parcels) == [ACKNOWLEDGED, ACKNOWLEDGED]

    def test_the_platforms_clock_is_handed_on(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        for script in (says_what(peer.accepted), says(401), says(502)):
            city.script.append(script)
            assert platform.submit("b", parcels).seen is not None

    def test_a_look_at_the_clock_says_nothing_of_the_pad(self, platform: Platform, city: City) -> None:
        assert isinstance(platform.look_at_clock(), Reached)
        (look,) = city.looks
        told = f"{look.path} {look.headers} {look.body!r}"
        assert not [word for word in ("mark", "pad-7", city.app_word) if word in told]

    def test_a_heartbeat_raises_nothing(self, platform: Platform, city: City) -> None:
        city.usual = says(200, LOGIN_PAGE)
        pulse = Pulse(Head(0, ""), 0, None, time_uncertain=False, versions={})
        platform.heartbeat(pulse)

    def test_no_message_has_a_persons_words(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        for script in (closes, says(200, LOGIN_PAGE), says(400), says(401), says(500)):
            city.script.append(script)
            told = repr(platform.submit("b", parcels))
            assert PERSON.mobile not in told
            assert PERSON.name not in told

    def test_once_aborted_it_sends_no_more(
        self, peer: Peer, platform: Platform, city: City, parcels: list[Parcel]
    ) -> None:
        city.usual = says_what(peer.accepted)
        platform.abort()
        assert fates(platform.submit("b", parcels), parcels) == [PENDING, PENDING]

    def test_without_anybody_there_it_is_no_answer(
        self, platform: Platform, online: CityServer, parcels: list[Parcel]
    ) -> None:
        online.end()
        assert isinstance(platform.submit("b", parcels), NoAnswer)


def decided(answer: Answer, parcels: list[Parcel]) -> policy.Decision:
    """What the policy makes of an answer."""
    batch = policy.Batch("b", tuple(each.rating.id for each in parcels))
    lots = policy.Lots(lambda: 0.5, lambda: "later")
    return policy.decide(policy.Line(50), batch, answer, Sync(), lots)


def fates(answer: Answer, parcels: list[Parcel]) -> list[DeliveryState]:
    return [fate.state for fate in decided(answer, parcels).fates]
