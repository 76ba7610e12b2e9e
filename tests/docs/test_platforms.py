"""What docs/platforms.md shows of the wire is what is sent, and is read as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pad.chain import Head
from pad.gm import hmac_sm3, sm3
from pad.settings import PlatformProfile
from pad.settings.platform import Dialect
from syncd.platforms import itemised, national
from syncd.platforms.base import Itemised, Outcome, Pulse, WholeAccepted, WholeDuplicate
from syncd.platforms.judging import Reply
from tests.docs.guide import shown
from tests.syncd.city import City, CityServer
from tests.syncd.conftest import box, city, connect, online, start
from tests.syncd.conftest import itemised as itemised_city
from tests.syncd.pad_box import PadBox
from tests.syncd.parcels import RECORD, Connect, parcel

__all__ = ["box", "city", "connect", "itemised_city", "online", "start"]  # fixtures

PAGE = (Path(__file__).parents[2] / "docs" / "platforms.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def block(name: str) -> Any:
    (value,) = shown(BLOCKS[name])
    return value


def test_a_record_has_these_fields_and_they_are_text() -> None:
    assert list(block("json record")) == list(RECORD)
    assert {type(each) for each in block("json record").values()} == {str}


def test_the_national_envelope_and_its_answers(
    box: PadBox, city: City, online: CityServer, connect: Connect
) -> None:
    connect().submit("b", [parcel(box)])
    (request,) = city.requests

    def shape(value: Any) -> Any:
        return {key: shape(each) for key, each in value.items()} if isinstance(value, dict) else type(value)

    assert shape(block("json national")) == shape(request.json)
    profile = PlatformProfile("p", Dialect.NATIONAL)
    answers = [
        national.read_answer(Reply(200, json.dumps(each).encode(), None), profile)
        for each in shown(BLOCKS["json national answers"])
    ]
    assert answers == [WholeAccepted(), WholeDuplicate("该办件已存在评价")]


def test_the_itemised_request_its_signature_and_its_answer(
    box: PadBox, city: City, itemised_city: CityServer, connect: Connect
) -> None:
    connect().submit("b", [parcel(box)])
    (request,) = city.requests
    head, _, body = BLOCKS["http"].partition("\n\n")
    first, *lines = head.splitlines()
    headers = dict(line.split(": ") for line in lines)
    assert first == f"{request.method} {request.path}"
    assert {each.title() for each in headers} <= set(request.headers)
    assert len(headers["X-Nonce"]) == len(request.headers["X-Nonce"])
    told = json.loads(body.replace("{…}", json.dumps(block("json record"))))
    assert list(told) == list(request.json)
    assert list(told["records"][0]) == list(request.json["records"][0])

    signed = "\n".join((*first.split(), headers["X-Timestamp"], headers["X-Nonce"], sm3(b"{}").hex()))
    assert BLOCKS["text"].strip() == hmac_sm3(b"practice word", signed.encode()).hex()

    reply = Reply(200, BLOCKS["json itemised answer"].encode(), None)
    answer = itemised.read_answer(reply, told["batch"])
    assert isinstance(answer, Itemised)
    (result,) = answer.results
    assert (result.rating_id, result.outcome) == (told["records"][0]["id"], Outcome.ACCEPTED)


def test_the_heartbeat(box: PadBox, city: City, itemised_city: CityServer, connect: Connect) -> None:
    connect().heartbeat(Pulse(Head(41, "h"), 0, None, time_uncertain=False, versions={}))
    assert list(block("json heartbeat")) == list(city.beats[0])
