"""The itemised dialect against known bytes, and what both dialects have in common."""

from __future__ import annotations

import json

import pytest

from pad import gm
from pad.ledger import recording
from sandbox.checks import same_content
from syncd.platforms import itemised as itemised_dialect
from syncd.platforms.base import (
    Itemised,
    NoAnswer,
    Outcome,
    Parcel,
    Pulse,
    Result,
    Trouble,
    WholeAccepted,
    WholeRefused,
)
from syncd.platforms.judging import Reply
from tests.syncd.city import City, CityServer, http
from tests.syncd.pad_box import PadBox
from tests.syncd.parcels import EVIDENCE, NOW, PERSON, RATED, RECORD, SERVICE, Connect, parcel

NO = "HTTP 200 with a body that is no answer of the platform's"


def test_itemised_byte_by_byte(box: PadBox, city: City, itemised: CityServer, connect: Connect) -> None:
    sent = parcel(box)
    answer = connect().submit("the-batch", [sent])
    assert answer == Itemised((Result(sent.rating.id, Outcome.ACCEPTED, "R-P1"),), seen=answer.seen)
    (request,) = city.requests
    assert request.path == "/gateway/v1/batches"
    assert request.json == {
        "batch": "the-batch",
        "device": "pad-7",
        "records": [
            {
                "id": sent.rating.id,
                "visit": sent.rating.visit_id,
                "rating": RECORD | EVIDENCE | {"invited_at": sent.rating.invited_at},
                "staff": {"number": "007", "name": "王五"},
            }
        ],
    }
    headers = request.headers
    assert headers["X-App-Mark"] == "mark"
    assert headers["X-Timestamp"] == str(round(NOW.timestamp() * 1000))
    assert len(headers["X-Nonce"]) == 32
    signed = "\n".join(
        (
            "POST",
            "/gateway/v1/batches",
            headers["X-Timestamp"],
            headers["X-Nonce"],
            gm.sm3(request.body).hex(),
        )
    )
    assert headers["X-Signature"] == gm.hmac_sm3(city.app_word.encode(), signed.encode()).hex()


def test_itemised_carries_the_service_record_and_an_uncertain_time(
    box: PadBox, city: City, itemised: CityServer, connect: Connect
) -> None:
    url = f"http://127.0.0.1:{itemised.port}"
    box.configure(url, "itemised", profile='service_record = "pad"')
    bound, unbound = parcel(box), parcel(box, None)
    uncertain = Parcel(bound.rating, PERSON, RATED, time_uncertain=True)
    connect().submit("b", [uncertain, unbound])
    first, second = city.requests[0].json["records"]
    assert first["service"] == SERVICE
    assert first["time_uncertain"] is True
    assert set(second) == {"id", "visit", "rating", "staff"}


def test_a_nonce_is_never_used_twice(box: PadBox, city: City, itemised: CityServer, connect: Connect) -> None:
    platform, sent = connect(), [parcel(box)]
    for _ in range(3):
        platform.submit("b", sent)
    assert len({request.headers["X-Nonce"] for request in city.requests}) == 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"batch": "b", "results": []}, Itemised(())),
        ({"batch": "b", "results": [{"id": "r", "outcome": "refused", "code": "E", "message": "不行"}]},
         Itemised((Result("r", Outcome.REFUSED, None, "E", "不行"),))),
        ({"batch": "other", "results": [{"id": "r", "outcome": "accepted"}]},
         NoAnswer("the answer is for another batch")),
        ({"results": [{"id": "r", "outcome": "accepted"}]}, NoAnswer(NO)),
        ({"batch": "b", "results": [{"id": "r", "outcome": "stored"}]}, NoAnswer(NO)),
        ({"batch": "b", "results": [{"id": 7, "outcome": "accepted"}]}, NoAnswer(NO)),
        ({"batch": "b", "results": {"r": "accepted"}}, NoAnswer(NO)),
        ({"batch": "b"}, NoAnswer(NO)),
        ([], NoAnswer(NO)),
    ],
)  # fmt: skip
def test_itemised_answers(body: object, expected: object) -> None:
    assert itemised_dialect.read_answer(Reply(200, json.dumps(body).encode(), None), "b") == expected


def test_itemised_a_request_that_is_refused_as_such_is_refused_whole() -> None:
    for body, expected in (
        ('{"error": {"code": "BAD", "message": "格式"}}', WholeRefused("格式", "BAD")),
        ('{"error": "格式"}', WholeRefused("格式")),
        ("<html>", NoAnswer("HTTP 400", Trouble.CHOKED)),
    ):
        assert itemised_dialect.read_answer(Reply(400, body.encode(), None), "b") == expected


def test_a_heartbeat(box: PadBox, city: City, itemised: CityServer, connect: Connect) -> None:
    rating = box.rate("P1")
    pulse = Pulse(recording.head(box.db), 3, 12.5, time_uncertain=True, versions={"pad": "1"})
    assert isinstance(connect().heartbeat(pulse), WholeAccepted)
    assert city.beats == [
        {
            "device": "pad-7", "head": {"seq": 1, "hash": rating.hash}, "pending": 3,
            "oldest_pending_s": 12.5, "time_uncertain": True, "versions": {"pad": "1"},
        }
    ]  # fmt: skip
    city.script.append(lambda request, line: http(503))
    assert connect().heartbeat(pulse) == NoAnswer("HTTP 503")


def test_a_pad_of_a_later_version_may_tell_more_of_what_the_platform_has() -> None:
    """Sent again after an upgrade, when the answer to the first sending was lost: it is no other rating."""
    earlier, later = RECORD, RECORD | EVIDENCE
    assert same_content(earlier, later)
    assert same_content(later, earlier)
    assert not same_content(later, later | {"changes": 1})
    assert not same_content(earlier, later | {"satisfaction": "5"})


# --- both --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["national", "itemised"])
def test_one_star_and_five_stars_are_the_same_on_the_wire_but_for_the_level(
    box: PadBox, city: City, online: CityServer, connect: Connect, dialect: str
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", dialect)
    platform = connect()
    for number, level in (("P1", 1), ("P5", 5)):
        platform.submit("b", [parcel(box, number, level)])
    one, five = city.arrived
    assert (one.pop("satisfaction"), five.pop("satisfaction")) == ("1", "5")
    assert (one.pop("evalDetail"), five.pop("evalDetail")) == ("110,111", "510,511")
    for record in (one, five):
        record.pop("projectNo")
        record.pop("id", None)
        record.pop("whole", None)
        record.pop("invited_at", None)  # the moment of the test
    assert one == five
    first, second = city.requests
    assert first.path == second.path
    apart = {"X-Nonce", "X-Signature", "Content-Length"}  # SM2's hex and ids have a length of their own
    assert {k: v for k, v in first.headers.items() if k not in apart} == {
        k: v for k, v in second.headers.items() if k not in apart
    }
    assert abs(len(first.body) - len(second.body)) <= 2
