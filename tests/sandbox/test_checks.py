"""What the platform finds wrong in a record, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pad import indicators
from pad.model import CHINA_TIME
from sandbox.checks import Rules, rating_fault, service_fault
from sandbox.settings import NATIONAL_INDICATORS
from tests.sandbox.conftest import record, service

RULES = Rules(indicators.load(Path(NATIONAL_INDICATORS)), allow_unbound=True, future_tolerance_s=5)


def fault(given: Mapping[str, object], service_time: datetime | None = None) -> str | None:
    return rating_fault(given, RULES, datetime.now(CHINA_TIME), service_time)


@pytest.mark.parametrize("level", ["1", "2", "3", "4", "5"])
def test_a_record_of_any_level_is_good_without_a_reason(level: str) -> None:
    assert fault(record(satisfaction=level, evalDetail="")) is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"satisfaction": "0"}, "satisfaction"),
        ({"satisfaction": "6"}, "satisfaction"),
        ({"satisfaction": ""}, "satisfaction"),
        ({"evalDetail": "108"}, "108"),
        ({"evalDetail": "510,501"}, "501"),
        ({"evalDetail": "999"}, "999"),
        ({"evalDetail": "510,"}, "evalDetail"),
        ({"evalDetail": "510,,517"}, "evalDetail"),
        ({"evalDetail": "510,510"}, "evalDetail"),
        ({"pf": ""}, "pf"),
        ({"pf": "tablet"}, "pf"),
        ({"projectNo": "  "}, "projectNo"),
        ({"serviceNumber": "0"}, "serviceNumber"),
        ({"serviceNumber": "100"}, "serviceNumber"),
        ({"assessNumber": "3"}, "assessNumber"),
        ({"taskCode": "1" * 30}, "taskCode"),
        ({"areaCode": "500110"}, "areaCode"),
        ({"deptCode": "1" * 17}, "deptCode"),
        ({"taskType": "02"}, "taskType"),
        ({"userProp": "7"}, "userProp"),
        ({"creditType": "112"}, "creditType"),
        ({"projectNo": "P" * 65}, "projectNo"),
        ({"taskName": "名" * 201}, "taskName"),
        ({"writingEvaluation": "字" * 501}, "writingEvaluation"),
        ({"mobile": "1" * 21}, "mobile"),
        ({"certKey": "1" * 65}, "certKey"),
        ({"assessTime": "2026-01-31T09:30:00"}, "assessTime"),
        ({"assessTime": "2026-02-30 09:30:00"}, "assessTime"),
        ({"assessTime": "\u0662026-01-01 00:00:00"}, "assessTime"),
        ({"assessTime": "2999-01-01 00:00:00"}, "assessTime"),
    ],
)
def test_a_fault_is_named(changed: dict[str, str], named: str) -> None:
    assert named in (fault(record(**changed)) or "")


@pytest.mark.parametrize("name", ["projectNo", "satisfaction", "mobile", "certKey"])
def test_a_field_that_is_not_there_or_no_text_is_named(name: str) -> None:
    whole = record()
    assert name in (fault({key: value for key, value in whole.items() if key != name}) or "")
    assert name in (fault({**whole, name: 5}) or "")


def test_a_rating_before_its_service_is_refused() -> None:
    later = datetime.now(CHINA_TIME) + timedelta(minutes=1)
    assert "serviceTime" in (fault(record(), later) or "")


def test_an_unbound_rating_is_taken_only_where_it_is_allowed() -> None:
    strict = Rules(RULES.catalogue, allow_unbound=False, future_tolerance_s=5)
    assert fault(record("")) is None
    assert "projectNo" in (rating_fault(record(""), strict, datetime.now(CHINA_TIME), None) or "")


def test_a_service_record_needs_each_mandatory_field_and_a_certificate() -> None:
    assert service_fault(service()) is None
    assert service_fault(service(certKey="", certKeyGOV="x")) is None
    assert "certKey" in (service_fault(service(certKey="")) or "")
    assert "userName" in (service_fault(service(userName="")) or "")
    assert "serviceTime" in (service_fault(service(serviceTime="now")) or "")
