"""The national dialect, as the platform hears it: an SM2 envelope, and one flag for the whole array."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pad import gm
from pad.gm import GmError
from pad.model import CHINA_TIME
from sandbox import strict_json
from sandbox.platform import ENVELOPE_TIME_TOLERANCE, Platform, Taken, Verdict
from sandbox.settings import Reply
from sandbox.store import Arrival

ENVELOPE_TIME: Final = "%Y%m%d%H%M%S"


class Refusal(Exception):
    """The envelope as a whole is refused; the message is the platform's."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an envelope held."""

    records: list[dict[str, Any]]


def open_envelope(platform: Platform, body: bytes, kind: str) -> Opened:
    """Check and decrypt an envelope; ``kind`` is ``evaluate`` or ``projectService``.

    :raises Refusal: with the platform's words
    """
    common = _common(body)
    settings, mark = platform.settings, common.get("appMark")
    if not isinstance(mark, str) or not any(platform.enrolments.words(mark)):
        raise Refusal("appMark不存在")
    _check_sign(platform, common)
    params = common.get("params")
    ciphertexts = params.get(kind) if isinstance(params, dict) else None
    if not isinstance(ciphertexts, list) or len(ciphertexts) != 1 or not isinstance(ciphertexts[0], str):
        raise Refusal(f"params.{kind}应为一个密文的数组")
    try:
        text = gm.sm2_decrypt(platform.private_key, ciphertexts[0], settings.sm2.format)
        records = strict_json.loads(text)
    except (GmError, ValueError) as error:
        raise Refusal("数据解密失败") from error
    if not isinstance(records, list) or not records or not all(isinstance(each, dict) for each in records):
        raise Refusal("数据应为JSON数组")
    return Opened(records)


def _common(body: bytes) -> dict[str, Any]:
    try:
        envelope = strict_json.loads(body)
    except ValueError as error:
        raise Refusal("报文不是JSON") from error
    if not isinstance(envelope, dict) or envelope.get("txnCommCom") != {}:
        raise Refusal("报文格式错误")
    common = envelope.get("txnBodyCom")
    if not isinstance(common, dict):
        raise Refusal("报文格式错误")
    return common


def _check_sign(platform: Platform, common: Mapping[str, Any]) -> None:
    time, sign = common.get("time"), common.get("sign")
    if not isinstance(time, str) or not re.fullmatch("[0-9]{14}", time) or not isinstance(sign, str):
        raise Refusal("time或sign格式错误")
    settings = platform.settings
    try:
        plain = gm.sm2_decrypt(platform.private_key, sign, settings.sm2.format).decode()
        moment = datetime.strptime(time, ENVELOPE_TIME).replace(tzinfo=CHINA_TIME)
    except (GmError, ValueError) as error:
        raise Refusal("签名验证失败") from error
    mark = common["appMark"]
    if not any(plain == time + mark + word for word in platform.enrolments.words(mark)):
        raise Refusal("签名验证失败")
    if abs(moment - platform.now()) > ENVELOPE_TIME_TOLERANCE:
        raise Refusal("签名已过期")


def take_ratings(platform: Platform, records: list[dict[str, Any]]) -> Taken:
    """Take an array of ratings, all or none."""
    return platform.take_all([Arrival(record, "national") for record in records])


def answer(shape: Reply, taken: Taken) -> dict[str, Any]:
    """One of the two shapes of answer; every value is a string, one of them JSON text."""
    accepted = taken.verdict is Verdict.ACCEPTED
    success, message = str(accepted).lower(), taken.message or "成功"
    if shape is Reply.CODE:
        return {"code": "0" if accepted else "1", "success": success, "message": message}
    body = json.dumps({"success": success, "message": message}, ensure_ascii=False)
    return {"C-Response-Desc": "success" if accepted else message, "C-Response-Body": body}
