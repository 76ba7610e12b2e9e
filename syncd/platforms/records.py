"""A rating as the national scheme writes it down (domain §4); both dialects carry these records."""

from __future__ import annotations

from collections.abc import Mapping

from pad.model import Rating, wire_time
from syncd.platforms.base import Parcel

Record = dict[str, str]


def rating_record(parcel: Parcel, pf: Mapping[str, str], unbound_project_no: str = "") -> Record:
    """The rating record; absent optional values are empty strings, numbers are strings.

    :param pf: channels this platform numbers differently, ours to its own
    :param unbound_project_no: what stands for the project number where the rating has none
    """
    rating, rater = parcel.rating, parcel.rater
    return {
        "projectNo": rating.project_no or unbound_project_no,
        "taskCode": rating.task_code,
        "taskName": rating.task_name,
        "taskType": rating.task_type,
        "serviceNumber": str(rating.service_number),
        "serviceName": rating.service_name,
        "satisfaction": str(int(rating.level)),
        "pf": pf.get(rating.pf, rating.pf),
        "evalDetail": ",".join(rating.indicators),
        "writingEvaluation": rating.comment,
        "assessTime": wire_time(parcel.assess_time),
        "assessNumber": str(rating.assess_number),
        "name": rater.name,
        "deptCode": rating.dept_code,
        "areaCode": rating.area_code,
        "userProp": rating.user_prop,
        "creditType": rater.credit_type,
        "certKey": rater.cert_key,
        "mobile": rater.mobile,
        "winNo": rating.win_no,
    }


def evidence(rating: Rating) -> dict[str, str | int]:
    """How the rating came about, by which an appeal can be judged (art. 18).

    ``invited_at`` is by the pad's own clock of then, never corrected; the milliseconds count from when the
    faces were shown, and no clock that was set plays a part in them.
    """
    return {
        "invited_at": rating.invited_at,
        "first_touch_ms": rating.first_touch_ms,
        "submitted_ms": rating.submitted_ms,
        "changes": rating.changes,
        "input_device": str(rating.input_device),
        "completed_by": str(rating.completed_by),
    }


def service_record(parcel: Parcel) -> Record:
    """The service record (办件服务数据) a rating of a matter needs to be there before it."""
    rating, rater = parcel.rating, parcel.rater
    return {
        "mobile": rater.mobile,
        "serviceTime": rating.service_time,
        "areaCode": rating.area_code,
        "taskCode": rating.task_code,
        "taskName": rating.task_name,
        "projectNo": rating.project_no or "",
        "proStatus": rating.pro_status,
        "orgcode": rating.orgcode,
        "orgName": rating.org_name,
        "userProp": rating.user_prop,
        "userName": rater.name,
        "userPageType": rating.user_page_type,
        "certKey": rater.cert_key,
        "certKeyGOV": rater.cert_key_gov,
        "serviceName": rating.service_name,
        "serviceNumber": str(rating.service_number),
        "projectType": rating.project_type,
    }


def service_key(rating: Rating) -> tuple[str, int] | None:
    """Which service record a rating needs; None for an unbound one."""
    return (rating.project_no, rating.service_number) if rating.project_no is not None else None
