"""What a platform checks in a record: pure functions from a record to the first fault, or none.

Rules of domain §3 and §4. A bad rating without any reason is no fault: the pad stores those as
"no reason given".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pad import codes
from pad.indicators import Catalogue
from pad.model import CHINA_TIME, WIRE_TIME

Record = Mapping[str, object]

RATING_FIELDS: Final = (
    "projectNo", "taskCode", "taskName", "taskType", "serviceNumber", "serviceName", "satisfaction", "pf",
    "evalDetail", "writingEvaluation", "assessTime", "assessNumber", "name", "deptCode", "areaCode",
    "userProp", "creditType", "certKey", "mobile",
)  # fmt: skip
SERVICE_FIELDS: Final = (
    "mobile", "serviceTime", "areaCode", "taskCode", "taskName", "projectNo", "proStatus", "orgcode",
    "orgName", "userProp", "userName", "userPageType", "serviceName", "serviceNumber", "projectType",
)  # fmt: skip

_LENGTHS: Final = {
    "projectNo": codes.PROJECT_NO_MAX,
    "taskName": codes.NAME_MAX,
    "serviceName": codes.NAME_MAX,
    "name": codes.NAME_MAX,
    "evalDetail": codes.EVAL_DETAIL_MAX,
    "writingEvaluation": codes.COMMENT_MAX,
    "mobile": codes.MOBILE_MAX,
    "certKey": codes.CERTIFICATE_MAX,
}
_FORMS: Final = {
    "taskCode": (re.compile(r"[0-9A-Za-z]{31}"), "应为31位"),
    "areaCode": (re.compile(r"[0-9]{12}"), "应为12位数字"),
    "deptCode": (re.compile(r"[0-9A-Z]{18}"), "应为18位统一社会信用代码"),
}
_WIRE_FORM: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
_TABLES: Final = {
    "taskType": codes.TASK_TYPE,
    "userProp": codes.USER_PROP,
    "creditType": codes.DOCUMENT_TYPE,
    "proStatus": codes.PRO_STATUS,
    "userPageType": codes.DOCUMENT_TYPE,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs between platforms."""

    catalogue: Catalogue
    allow_unbound: bool
    future_tolerance_s: float


def rating_fault(record: Record, rules: Rules, now: datetime, service_time: datetime | None) -> str | None:
    """What is wrong with a rating record; ``service_time`` is that of its service record, if known."""
    return (
        _missing(record, RATING_FIELDS)
        or _form_fault(record)
        or _mandatory(record, rules)
        or _level_fault(record, rules.catalogue)
        or _time_fault(record, rules, now, service_time)
    )


def service_fault(record: Record) -> str | None:
    """What is wrong with a service record."""
    fault = _missing(record, SERVICE_FIELDS) or _form_fault(record)
    if fault:
        return fault
    if not (record.get("certKey") or record.get("certKeyGOV")):
        return "certKey或certKeyGOV不能为空"
    for name in SERVICE_FIELDS:
        if not record[name]:
            return f"{name}不能为空"
    return None if wire_moment(record["serviceTime"]) else "serviceTime格式应为yyyy-MM-dd HH:mm:ss"


def same_content(one: Record, other: Record) -> bool:
    """Whether two rating records say the same, as far as both say it.

    Their assessTime may differ: the pad works it out for each sending, and its clock may have been
    corrected in between. A pad that was given a later version in between may tell more of it.
    """
    return all(one[name] == other[name] for name in one.keys() & other.keys() - {"assessTime"})


def wire_moment(text: object) -> datetime | None:
    """A time as it stands on the wire; None if it has another form."""
    if not isinstance(text, str) or not re.fullmatch(_WIRE_FORM, text):
        return None
    try:
        return datetime.strptime(text, WIRE_TIME).replace(tzinfo=CHINA_TIME)
    except ValueError:
        return None


def _missing(record: Record, names: tuple[str, ...]) -> str | None:
    for name in names:
        if not isinstance(record.get(name), str):
            return f"{name}缺失或不是字符串"
    return None


def _form_fault(record: Record) -> str | None:
    for name, most in _LENGTHS.items():
        if len(str(record.get(name, ""))) > most:
            return f"{name}超过{most}个字符"
    for name, (form, words) in _FORMS.items():
        value = record.get(name)
        if value and not form.fullmatch(str(value)):
            return f"{name}{words}"
    for name, table in _TABLES.items():
        value = record.get(name)
        if value and value not in table:
            return f"{name}不在代码表中"
    number = str(record.get("serviceNumber", ""))
    if not re.fullmatch(r"[1-9][0-9]?", number):
        return "serviceNumber应为1至99"
    return None


def _mandatory(record: Record, rules: Rules) -> str | None:
    if not record["projectNo"] and not rules.allow_unbound:
        return "projectNo不能为空"
    if record["projectNo"] and not str(record["projectNo"]).strip():
        return "projectNo不能为空白"
    if not re.fullmatch(r"[0-9]{1,2}", str(record["pf"])):
        return "pf应为1至2位数字"
    if record["assessNumber"] not in ("1", "2"):
        return "assessNumber应为1或2"
    return None


def _level_fault(record: Record, catalogue: Catalogue) -> str | None:
    level = str(record["satisfaction"])
    if level not in ("1", "2", "3", "4", "5"):
        return "satisfaction应为1至5"
    given = str(record["evalDetail"]).split(",") if record["evalDetail"] else []
    if "" in given or len(set(given)) < len(given):
        return "evalDetail应为以逗号分隔、不重复的指标"
    for code in given:
        if not catalogue.knows(code):
            return f"指标{code}不存在或已停用"
        if code[0] != level:
            return f"指标{code}与满意度{level}不符"
    return None


def _time_fault(record: Record, rules: Rules, now: datetime, service_time: datetime | None) -> str | None:
    moment = wire_moment(record["assessTime"])
    if moment is None:
        return "assessTime格式应为yyyy-MM-dd HH:mm:ss"
    if (moment - now).total_seconds() > rules.future_tolerance_s:
        return "assessTime晚于当前时间"
    if service_time is not None and moment < service_time:
        return "assessTime早于serviceTime"
    return None
