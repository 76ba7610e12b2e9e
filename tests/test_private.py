"""What a value says of itself, and what an error says of a value, names no person (art. 13)."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

import kiosk
import pad
import syncd
from kiosk import commands
from kiosk.drivers.counter_line import Command, CounterLine
from kiosk.drivers.scanner import Scanned
from kiosk.events import CardRead, CheckPin, Invite, KeepDraft, OpenVisit, Save, SlipScanned
from kiosk.phases import Asking, Inviting, Rating, Saving, Session
from pad import sealing
from pad.codes import Level
from pad.ledger.outbox import Waiting
from pad.ledger.rows import Delivery
from pad.model import (
    CHINA_TIME,
    Completion,
    DeliveryState,
    Draft,
    FinishedRating,
    InputDevice,
    Instant,
    Matter,
    Rater,
    Visit,
)
from pad.settings import RatingRules
from pad.settings.tables import Pad as PadTable
from syncd.platforms.base import Parcel
from tests.pad.ledger.conftest import Window

NAME, MOBILE, CERTIFICATE, DIGITS = "司马相如", "13987654321", "110105194912310089", "13612345678"
PLANTED = (NAME, MOBILE, CERTIFICATE, DIGITS)
"""The same as in tests/hall/test_personal_data.py, which looks into files, logs and what programs say."""
RATER = Rater(NAME, MOBILE, "111", CERTIFICATE, CERTIFICATE)
NOW = Instant(datetime(2026, 6, 1, 12, 0, tzinfo=CHINA_TIME), "boot", 1, trusted=True)
VISIT = Visit("v", Matter("P1"), NOW, 60.0, "1024", "王芳", RATER)
DRAFT = Draft("v", Level(2), InputDevice.TOUCH, NOW, 1200)
FINISHED = FinishedRating(VISIT, DRAFT, (), "", Completion.SUBMITTED, NOW, 3000, RATER)
RATING = Rating(VISIT, None, 1, DRAFT, 1, 2, rater=RATER, phone=DIGITS)
BODY = msgspec.json.encode(
    {"matter": {"project_no": "P1", "user_name": NAME, "mobile": MOBILE, "cert_key": CERTIFICATE}}
)
PAD = PadTable(device_id="pad-7", hall_name="测试大厅")


def parsed(body: bytes) -> commands.Invitation:
    return commands.parse_invitation(body, PAD, allow_unbound=True, allow_second=True)


VALUES: tuple[Any, ...] = (
    RATER, VISIT, FINISHED, RATING, Invite("v", Matter("P1"), rater=RATER), OpenVisit(VISIT),
    KeepDraft(DRAFT, RATER), Save(FINISHED), Saving(FINISHED, None), Inviting(VISIT, None, 1, 2, 3),
    SlipScanned(Invite("v", Matter("P1"), rater=RATER)), CardRead(NAME, CERTIFICATE),
    Asking(1, pin=DIGITS), CheckPin(DIGITS), Scanned(f"{NAME} {CERTIFICATE}"), Command(BODY),
    parsed(BODY), msgspec.json.decode(BODY, type=commands._InvitationBody),
)  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Window]:
    made = Window(tmp_path)
    yield made
    made.db.close()


def planted_in(text: str) -> list[str]:
    return [each for each in PLANTED if each in text or each.encode("unicode_escape").decode() in text]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_no_value_says_who_somebody_is(value: object) -> None:
    assert not planted_in(repr(value) + str(value) + f"{value}")


def test_neither_does_what_holds_such_a_value(ledger: Window) -> None:
    rating = ledger.recorder.append(FINISHED)
    session = Session(RatingRules(), phase=RATING)
    parcel = Parcel(rating, RATER, NOW.wall, time_uncertain=False)
    waiting = Waiting(rating, Delivery(1, DeliveryState.PENDING))
    assert not planted_in(repr([session, parcel, waiting, {"keys": ledger.keys}]))
    assert ledger.keys.chain.hex() not in repr(ledger.keys)


def every_dataclass() -> set[type]:
    found: set[type] = set()
    for package in (kiosk, pad, syncd):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".ui" in module.name or module.name.endswith("__main__"):
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and dataclasses.is_dataclass(value):
                    found.add(value)
    return found


def test_every_value_with_a_person_in_it_is_among_those_that_were_asked() -> None:
    asked = {type(value) for value in VALUES} | {Parcel, Session}
    holders = {each for each in every_dataclass() if Rater in get_type_hints(each).values()}
    assert holders
    assert holders <= asked


# --- errors ------------------------------------------------------------------------------------


def told_by(error: BaseException) -> str:
    """All a log could hold of it: its text, its arguments, those it stands for, and its traceback."""
    said, each = "".join(traceback.format_exception(error)), error
    while True:
        said += repr(each) + str(each) + repr(each.args)
        following = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        if following is None:
            return said
        each = following


def bad(**matter: object) -> bytes:
    given = {"project_no": "P1", "user_name": NAME, "mobile": MOBILE, "cert_key": CERTIFICATE}
    return msgspec.json.encode({"matter": given | matter})


@pytest.mark.parametrize(
    "body",
    [
        bad(user_name=NAME * 100), bad(mobile=MOBILE * 9), bad(cert_key=CERTIFICATE * 9), bad(mobile=139),
        bad(credit_type=CERTIFICATE), bad(service_time=MOBILE), bad(user_prop=NAME),
        BODY[:-3], BODY[:-3] + b"\xff", BODY.replace(b"P1", b"\\ud800"), b'"' + NAME.encode() + b'"',
        bad(area_code=MOBILE), bad(task_code=CERTIFICATE), bad(service_number=MOBILE), bad(name=NAME * 100),
    ],
)  # fmt: skip
def test_a_body_that_is_refused_is_told_by_its_field_not_by_what_it_held(body: bytes) -> None:
    with pytest.raises(commands.InputError) as refused:
        parsed(body)
    assert not planted_in(told_by(refused.value))


PLACES: dict[str, Callable[[Window], object]] = {
    "another visit's seal": lambda ledger: sealing.unseal(
        ledger.keys.sealing, sealing.seal(ledger.keys.sealing, RATER, "v"), "w"
    ),
    "a key that is gone": lambda ledger: ledger.outbox.rater(ledger.recorder.append(FINISHED)),
    "a matter rated twice": lambda ledger: [
        ledger.recorder.append(dataclasses.replace(FINISHED, visit=dataclasses.replace(VISIT, id=each)))
        for each in ("v", "w")
    ],
    "a disk that takes nothing": lambda ledger: ledger.recorder.append(FINISHED),
    "a draft on such a disk": lambda ledger: ledger.recorder.keep_draft(DRAFT, RATER),
    "a comment whose bytes are no text": lambda ledger: (
        ledger.recorder.append(FINISHED),
        ledger.db.executescript(
            "DROP TRIGGER ratings_never_change; "
            f"UPDATE ratings SET comment = CAST(x'{NAME.encode().hex()}ff{MOBILE.encode().hex()}' AS TEXT)"
        ),
        ledger.outbox.next_batch(1),
    ),
    "a reason of another level": lambda ledger: dataclasses.replace(FINISHED, indicators=("510",)),
    "a body that is no text": lambda ledger: parsed(NAME.encode("gbk")),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_error_on_a_persons_way_through_the_pad_names_nobody(
    ledger: Window, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "disk" in place:
        ledger.recorder.open_visit(VISIT)
        ledger.db.execute("PRAGMA query_only = ON")
    if "key" in place:
        monkeypatch.setattr(sealing, "key_number", lambda sealed: 7)
    with pytest.raises(Exception) as failed:  # noqa: PT011 - whichever it is
        PLACES[place](ledger)
    assert not planted_in(told_by(failed.value))


def test_a_frame_that_holds_a_person_is_counted_and_not_quoted() -> None:
    heard = CounterLine().feed(b"\xaa\x55\x00\x20" + BODY[:32] + b"\x00\x00", 0)
    assert heard.errors == 1
    assert not planted_in(repr(heard))


def test_the_search_can_find() -> None:
    assert planted_in(f"x{MOBILE}") == [MOBILE]
    assert planted_in(repr(BODY)) == [MOBILE, CERTIFICATE]
    assert planted_in(ascii(NAME)) == [NAME]
