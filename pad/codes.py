"""The national code tables and the forms of coded fields, as the platforms use them.

Source: domain §3 (code tables read in a real province's integration). Whatever differs by
province is configuration and does not stand here.
"""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import Final


class Level(IntEnum):
    """The five levels of art. 8, by their code on the wire."""

    VERY_DISSATISFIED = 1
    DISSATISFIED = 2
    FAIRLY_SATISFIED = 3
    SATISFIED = 4
    VERY_SATISFIED = 5

    @property
    def is_bad(self) -> bool:
        """True for 不满意 and 非常不满意, the levels art. 16 wants followed up."""
        return self <= Level.DISSATISFIED


class Pf(StrEnum):
    """The channel (``pf``) a rating came by; 6 and up differ by province."""

    PC = "1"
    MOBILE = "2"
    QR_CODE = "3"
    HALL_TABLET = "4"
    HALL_TERMINAL = "5"


USER_PROP: Final = {
    "1": "自然人",
    "2": "企业法人",
    "3": "事业法人",
    "4": "社会组织法人",
    "5": "非法人企业",
    "6": "行政机关",
    "9": "其他组织",
}
PRO_STATUS: Final = {"1": "待受理", "2": "已受理", "3": "已办结"}
DOCUMENT_TYPE: Final = {
    "111": "身份证",
    "001": "统一社会信用代码",
    "414": "护照",
    "511": "台湾通行证",
    "516": "港澳通行证",
    "821": "营业执照",
    "999": "其他",
}
TASK_TYPE: Final = {
    "01": "许可",
    "05": "给付",
    "07": "确认",
    "08": "奖励",
    "09": "裁决",
    "10": "其他权力",
    "20": "公共服务",
    "99": "其他",
}

SERVICE_NUMBER_MIN: Final = 1
SERVICE_NUMBER_MAX: Final = 99

TASK_CODE_LENGTH: Final = 31
TASK_HANDLE_ITEM_LENGTH: Final = 33
AREA_CODE_LENGTH: Final = 12

PROJECT_NO_MAX: Final = 64
NAME_MAX: Final = 200
EVAL_DETAIL_MAX: Final = 200
COMMENT_MAX: Final = 500
COMMENT_ON_SCREEN_MAX: Final = 150
MOBILE_MAX: Final = 20
CERTIFICATE_MAX: Final = 64

_TASK_CODE = re.compile(r"[0-9A-Za-z]{31}(?:[0-9A-Za-z]{2})?")
_AREA_CODE = re.compile(r"[0-9]{6}(?:[0-9]{6})?")
_DEPT_CODE = re.compile(r"[0-9A-Z]{18}")
_INDICATOR_CODE = re.compile(r"[1-5][0-9]{2,}")


def split_task_code(given: str) -> tuple[str, str]:
    """``(task_code, task_handle_item)`` of a code given with 31 or 33 characters.

    The first 31 characters of a ``taskHandleItem`` are its ``taskCode``; with 31 given the
    second part is empty.

    :raises ValueError: if it has any other form
    """
    if not _TASK_CODE.fullmatch(given):
        raise ValueError(
            f"must be {TASK_CODE_LENGTH} letters or digits (a task code) or "
            f"{TASK_HANDLE_ITEM_LENGTH} (a task handle item); found {len(given)} characters"
        )
    if len(given) == TASK_HANDLE_ITEM_LENGTH:
        return given[:TASK_CODE_LENGTH], given
    return given, ""


def area_code(given: str) -> str:
    """The 12-digit area code; a 6-digit one is padded with zeros.

    :raises ValueError: if it is neither 6 nor 12 digits
    """
    if not _AREA_CODE.fullmatch(given):
        raise ValueError("must be 12 digits, or 6 that are padded with zeros")
    return given.ljust(AREA_CODE_LENGTH, "0")


def dept_code(given: str) -> str:
    """The 18-character 统一社会信用代码 of a department.

    :raises ValueError: if it has any other form
    """
    if not _DEPT_CODE.fullmatch(given):
        raise ValueError("must be the 18 digits and capital letters of a 统一社会信用代码")
    return given


def indicator_level(code: str) -> Level:
    """The level an indicator belongs to: the first digit of its code (true of all 72 rows).

    :raises ValueError: if the code has no such form
    """
    if not _INDICATOR_CODE.fullmatch(code):
        raise ValueError(f"indicator code {code!r} must be digits, the first of them 1 to 5")
    return Level(int(code[0]))
