"""A parcel of a known person's rating, and the records it has to become."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pad.model import CHINA_TIME, Rater
from syncd.platforms.base import Parcel, Platform
from tests.syncd.pad_box import TASK_CODE, PadBox

NOW = datetime(2026, 6, 1, 8, 30, 5, 999_000, tzinfo=CHINA_TIME)
RATED = datetime(2026, 6, 1, 8, 30, 4, 999_000, tzinfo=CHINA_TIME)
PERSON = Rater("张三", "13800000000", "111", "500110199001011234", "")
PERSONAL = ("name", "mobile", "certKey", "creditType")

RECORD = {
    "projectNo": "P1", "taskCode": TASK_CODE, "taskName": "事项", "taskType": "", "serviceNumber": "1",
    "serviceName": "办结", "satisfaction": "2", "pf": "4", "evalDetail": "210,211",
    "writingEvaluation": '等了"两小时"😠', "assessTime": "2026-06-01 08:30:04", "assessNumber": "1",
    "name": "张三", "deptCode": "11500222MB1234567X", "areaCode": "500110000000", "userProp": "",
    "creditType": "111", "certKey": "500110199001011234", "mobile": "13800000000", "winNo": "A07",
}  # fmt: skip
EVIDENCE = {
    "first_touch_ms": 1200, "submitted_ms": 3000, "changes": 0, "input_device": "touch",
    "completed_by": "submitted",
}  # fmt: skip
"""With ``invited_at``, which is the moment of the test."""
SERVICE = {
    "mobile": "13800000000", "serviceTime": "2026-01-05 09:00:00", "areaCode": "500110000000",
    "taskCode": TASK_CODE, "taskName": "事项", "projectNo": "P1", "proStatus": "", "orgcode": "",
    "orgName": "", "userProp": "", "userName": "张三", "userPageType": "", "certKey": "500110199001011234",
    "certKeyGOV": "", "serviceName": "办结", "serviceNumber": "1", "projectType": "",
}  # fmt: skip

Connect = Callable[[], Platform]


def parcel(box: PadBox, project_no: str | None = "P1", level: int = 2, **given: Any) -> Parcel:
    rating = box.rate(project_no, level, comment='等了"两小时"😠', rater=PERSON, **given)
    return Parcel(rating, PERSON, RATED, time_uncertain=False)
