"""The clerk's side by its own description: whatever is sent, nothing is rated, changed or told.

``docs/counter-openapi.yaml`` says what may be sent and what is answered; schemathesis sends that, and
what may not be sent. ``OPENAPI_EXAMPLES`` sets how many of each.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from kiosk.calls import _ROUTES
from kiosk.doors.evaluate import Evaluate
from kiosk.events import Tap, Withdraw
from kiosk.phases import Rating
from pad import codes, settings
from pad.codes import Level
from pad.settings import EvaluateDoor, Settings
from tests.kiosk.conftest import CONFIG, Kiosk
from tests.ports import free_port

DESCRIPTION: Final = Path(__file__).parents[2] / "docs" / "counter-openapi.yaml"
EXAMPLES: Final = int(os.environ.get("OPENAPI_EXAMPLES", "40"))
SCHEMA: Final = schemathesis.openapi.from_path(DESCRIPTION)
OPERATIONS: Final = {
    each.ok().label: each.ok() for each in SCHEMA.get_all_operations() if isinstance(each, Ok)
}
TAKES_NOTHING: Final = ("DELETE /v1/staff", "GET /v1/state", "GET /v1/events")
"""Of these nothing wrong can be sent: they have no parameter and no body."""
TAKES_ANY_TEXT: Final = "GET /evaluate/startEvaluate"
"""Its parameters are text; what is wrong with one is said in the answer, which is 200."""
SAID_IN_WORDS: Final = ("matter.project_no", "matter.task_handle_item", "matter.service_time")
"""What is allowed there no schema can say."""
LEVEL_WORDS: Final = ("level", "satisfaction", "EvaluatorLevel", "满意")
METHODS: Final = ("GET", "PUT", "POST", "PATCH", "DELETE")


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    loaded: Settings = settings.load(CONFIG, {"PAD_STATE": str(tmp_path)})
    door = EvaluateDoor(enabled=True, waits=False)
    counter = msgspec.structs.replace(loaded.counter, port=free_port(), evaluate=door)
    rules = msgspec.structs.replace(
        loaded.rating, settle_s=0.0, allow_unbound=True, allow_second_assessment=True
    )
    running = Kiosk(replace(loaded, counter=counter, rating=rules))
    running.counter.add_routes(Evaluate(running.settings, running.calls).add_to)
    running.start()
    yield running
    running.stop()


def every(label: str, mode: GenerationMode) -> Any:
    """Calls of one operation; nobody waits long for a change."""

    def soon(case: Any) -> Any:
        wait = (case.query or {}).get("wait")
        if isinstance(wait, int | float) and not isinstance(wait, bool) and 0 < wait <= 60:
            case.query["wait"] = 0.01
        return case

    return OPERATIONS[label].as_strategy(generation_mode=mode).map(soon)


def send(kiosk: Kiosk, case: Any) -> Any:
    base_url = f"http://127.0.0.1:{kiosk.settings.counter.port}"
    return case.call(base_url=base_url, session=kiosk.http, timeout=60)


def often(test: Any) -> Any:
    return tried(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )(test)


@pytest.mark.parametrize("label", OPERATIONS)
def test_a_call_that_is_allowed_is_answered_as_described_and_rates_nothing(kiosk: Kiosk, label: str) -> None:
    statuses: Counter[int] = Counter()
    kiosk.call("PUT", "/v1/service", json={"state": "open"})

    @often
    @given(case=every(label, GenerationMode.POSITIVE))
    def answered(case: Any) -> None:
        answer = send(kiosk, case)
        statuses[answer.status_code] += 1
        in_words = answer.status_code == 400 and answer.json()["error"]["field"] in SAID_IN_WORDS
        no_websocket = answer.status_code == 426
        excluded = [positive_data_acceptance] if in_words or no_websocket else []
        case.validate_response(answer, excluded_checks=excluded)
        assert tells_no_level(answer)

    answered()
    assert set(statuses) & {200, 201, 404, 426}, statuses
    assert kiosk.db.execute("SELECT COUNT(*) FROM ratings").fetchone()[0] == 0
    assert kiosk.db.execute("SELECT COUNT(*) FROM draft").fetchone()[0] == 0


@pytest.mark.parametrize(
    "label", [each for each in OPERATIONS if each not in (*TAKES_NOTHING, TAKES_ANY_TEXT)]
)
def test_a_call_that_is_not_allowed_is_refused_as_described_and_changes_nothing(
    kiosk: Kiosk, label: str
) -> None:
    @often
    @given(case=every(label, GenerationMode.NEGATIVE))
    def refused(case: Any) -> None:
        before = kiosk.desk.session
        answer = send(kiosk, case)
        assert 400 <= answer.status_code < 500, answer.text
        case.validate_response(answer)
        assert kiosk.desk.session is before

    refused()


def test_of_the_others_nothing_wrong_can_be_sent() -> None:
    for label in TAKES_NOTHING:
        operation = OPERATIONS[label]
        assert not operation.body
        assert not operation.query
        assert not operation.path_parameters


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("label", OPERATIONS)
def test_once_a_face_is_touched_no_call_changes_the_rating(
    kiosk: Kiosk, label: str, mode: GenerationMode
) -> None:
    if label in (*TAKES_NOTHING, TAKES_ANY_TEXT):
        mode = GenerationMode.POSITIVE
    kiosk.call("PUT", "/v1/service", json={"state": "open"})
    invitation = kiosk.invite(f"P-{label}")
    kiosk.post(Tap(Level(1)))
    assert kiosk.state_after(invitation, "waiting") == "rating"
    before = rating_of(kiosk)
    assert level_on_disk(kiosk) == 1

    @often
    @given(case=every(label, mode))
    def tried_in_vain(case: Any) -> None:
        if "{id}" in case.path:
            case.path_parameters = {"id": invitation}
        answer = send(kiosk, case)
        if label in ("POST /v1/invitations", "DELETE /v1/invitations/{id}"):
            assert answer.status_code in (400, 409), answer.text
        assert tells_no_level(answer)
        assert rating_of(kiosk) == before

    tried_in_vain()
    assert level_on_disk(kiosk) == 1
    kiosk.post(Withdraw())
    kiosk.wait_for(invitation, "withdrawn")


def level_on_disk(kiosk: Kiosk) -> int | None:
    """The level of the draft, as soon as the scribe has written it."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        row = kiosk.db.execute("SELECT level FROM draft").fetchone()
        if row is not None:
            return int(row["level"])
    return None


def tells_no_level(answer: Any) -> bool:
    """Whether an answer that is no refusal (those repeat names of fields) has no word of a level."""
    told = answer.text + str(answer.headers)
    return answer.status_code >= 400 or not [word for word in LEVEL_WORDS if word in told]


def rating_of(kiosk: Kiosk) -> tuple[object, ...]:
    """What the rating is, but for the time that passes."""
    now = kiosk.desk.session.phase
    assert isinstance(now, Rating)
    return now.visit, now.staff, now.draft, now.indicators, now.comment, now.rater


# --- the description is complete -----------------------------------------------------------


def test_every_route_is_described_and_nothing_else(kiosk: Kiosk) -> None:
    served = {f"{method} {re.sub('[(].*[)]', '{id}', path.pattern)}" for method, path, _ in _ROUTES}
    for route in kiosk.counter._application().router.routes():
        if route.method in METHODS and route.resource is not None:
            served.add(f"{route.method} {route.resource.canonical}")
    assert served == set(OPERATIONS)


@pytest.mark.parametrize("path", sorted({label.split()[1] for label in OPERATIONS} - {EvaluateDoor().path}))
def test_a_method_that_is_not_described_is_refused_with_those_that_are(kiosk: Kiosk, path: str) -> None:
    described = sorted(label.split()[0] for label in OPERATIONS if label.split()[1] == path)
    for method in METHODS:
        if method not in described:
            answer = kiosk.call(method, path.format(id="x"))
            assert (answer.status_code, answer.headers["Allow"]) == (405, ", ".join(described))
            assert set(answer.json()["error"]) == {"code", "field", "message"}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("task_type", codes.TASK_TYPE), ("pro_status", codes.PRO_STATUS), ("user_prop", codes.USER_PROP),
        ("DocumentType", codes.DOCUMENT_TYPE),
    ],
)  # fmt: skip
def test_the_codes_are_those_of_the_tables(name: str, table: dict[str, str]) -> None:
    schemas = SCHEMA.raw_schema["components"]["schemas"]
    described = schemas.get(name) or schemas["Matter"]["properties"][name]
    assert described["enum"] == ["", *table]
