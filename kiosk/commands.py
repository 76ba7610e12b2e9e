"""The clerk's commands as JSON, whichever way they came: parsed here once, into events.

The contract is design §4. What is wrong with an input is said with the field and what is
allowed; nothing of it is kept. Personal data go into :class:`~pad.model.Rater` and nowhere else,
and no message repeats a value.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from kiosk import portrait
from kiosk.events import ServiceMode, SetService
from pad import codes
from pad.model import BY_PHONE, CHINA_TIME, Matter, Rater, Staff, wire_time
from pad.settings import Pad

BODY_MAX_BYTES: Final = 1024 * 1024
NOT_THE_CLERK: Final = ("pad", "rater", BY_PHONE)
"""By whom visits end that no clerk ended; a cancellation cannot pass for theirs."""
TIMEOUT_MIN_S: Final = 1.0
TIMEOUT_MAX_S: Final = 3600.0

_Name = Annotated[str, Meta(max_length=codes.NAME_MAX)]
_Short = Annotated[str, Meta(max_length=64)]
_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What Unicode calls neither blank nor format and still shows nothing: fillers, variation selectors."""


class InputError(Exception):
    """A command cannot be taken; ``field`` is the path of what is wrong, empty for the whole."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Invitation:
    """A parsed invitation."""

    matter: Matter
    rater: Rater
    staff: Staff | None
    timeout_s: float | None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A parsed cancellation: who takes the invitation back, and why."""

    by: str
    reason: str


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A JSON object closed to fields it does not know: a misspelt one is said, not lost."""

    def __repr__(self) -> str:
        """Say nothing of what is in it, which may be of a person: reprs end up in logs."""
        return f"{type(self).__name__}(…)"


class _MatterBody(_Body, frozen=True):
    project_no: Annotated[str, Meta(max_length=codes.PROJECT_NO_MAX)] | None = None
    service_number: float | str = 1
    assess_number: float | str = 1
    task_code: str = ""
    task_handle_item: str = ""
    task_name: _Name = ""
    task_type: str = ""
    service_name: _Name = ""
    service_time: str = ""
    pro_status: str = ""
    project_type: _Short = ""
    area_code: str = ""
    dept_code: str = ""
    orgcode: _Short = ""
    org_name: _Name = ""
    user_prop: str = ""
    user_page_type: str = ""
    win_no: _Short = ""
    name: _Name = ""
    user_name: _Name = ""
    mobile: Annotated[str, Meta(max_length=codes.MOBILE_MAX)] = ""
    credit_type: str = ""
    cert_key: Annotated[str, Meta(max_length=codes.CERTIFICATE_MAX)] = ""
    cert_key_gov: Annotated[str, Meta(max_length=codes.CERTIFICATE_MAX)] = ""


class _StaffBody(_Body, frozen=True):
    number: Annotated[str, Meta(min_length=1, max_length=64)]
    name: _Name = ""
    photo: str = ""
    stars: Annotated[float, Meta(ge=0, le=5)] | None = None
    post: _Name = ""


class _InvitationBody(_Body, frozen=True):
    matter: _MatterBody
    staff: _StaffBody | None = None
    timeout_s: Annotated[float, Meta(ge=TIMEOUT_MIN_S, le=TIMEOUT_MAX_S)] | None = None


class _CancellationBody(_Body, frozen=True):
    by: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class _ServiceBody(_Body, frozen=True):
    state: ServiceMode
    notice: Annotated[str, Meta(max_length=200)] = ""


def parse_invitation(body: bytes, pad: Pad, *, allow_unbound: bool, allow_second: bool) -> Invitation:
    """An invitation from its JSON; what the matter lacks of area, department and window, the pad has.

    :raises InputError: naming the field and what is allowed
    """
    given = _decode(body, _InvitationBody)
    staff = _staff(given.staff, "staff.") if given.staff is not None else None
    matter = _matter(given.matter, pad)
    if matter.project_no is None and not allow_unbound:
        raise InputError(
            "missing_field",
            "matter.project_no",
            "missing; this window may only rate matters with a project number",
        )
    if matter.assess_number == 2 and not allow_second:
        raise InputError("not_allowed", "matter.assess_number", "2 (追评) is not allowed here; 1 is")
    return Invitation(matter, _rater(given.matter), staff, given.timeout_s)


def parse_cancellation(body: bytes) -> Cancellation:
    """A cancellation from its JSON.

    :raises InputError: naming the field and what is allowed
    """
    given = _decode(body, _CancellationBody)
    for field in ("by", "reason"):
        if not _printable(getattr(given, field), field).strip():
            raise InputError("bad_value", field, "must not be blank")
    if unicodedata.normalize("NFKC", given.by).strip().casefold() in NOT_THE_CLERK:
        raise InputError("bad_value", "by", f"must say who; {', '.join(NOT_THE_CLERK)} are not the clerk")
    return Cancellation(given.by, given.reason)


def parse_staff(body: bytes) -> Staff:
    """The clerk who signs in, from JSON.

    :raises InputError: naming the field and what is allowed
    """
    return _staff(_decode(body, _StaffBody), "")


def parse_service(body: bytes) -> SetService:
    """What the window is doing, from JSON.

    :raises InputError: naming the field and what is allowed
    """
    given = _decode(body, _ServiceBody)
    return SetService(given.state, _printable(given.notice, "notice"))


# --- parts -----------------------------------------------------------------------------


def _matter(given: _MatterBody, pad: Pad) -> Matter:
    task_code, task_handle_item = "", ""
    if given.task_handle_item:
        task_code, task_handle_item = _checked(
            "task_handle_item", codes.split_task_code, given.task_handle_item
        )
    if given.task_code:
        task_code, handled = _checked("task_code", codes.split_task_code, given.task_code)
        if task_handle_item and not task_handle_item.startswith(task_code):
            raise _bad("task_handle_item", "must begin with task_code")
        task_handle_item = task_handle_item or handled
    area = given.area_code or pad.area_code
    dept = given.dept_code or pad.dept_code
    return Matter(
        project_no=_project_no(given.project_no),
        service_number=_number(
            "service_number", given.service_number, codes.SERVICE_NUMBER_MIN, codes.SERVICE_NUMBER_MAX
        ),
        assess_number=_number("assess_number", given.assess_number, 1, 2),
        task_code=task_code,
        task_handle_item=task_handle_item,
        task_name=_printable(given.task_name, "matter.task_name"),
        task_type=_coded("task_type", given.task_type, codes.TASK_TYPE),
        service_name=_printable(given.service_name, "matter.service_name"),
        service_time=_service_time(given.service_time),
        pro_status=_coded("pro_status", given.pro_status, codes.PRO_STATUS),
        project_type=_printable(given.project_type, "matter.project_type"),
        area_code=_checked("area_code", codes.area_code, area) if area else "",
        dept_code=_checked("dept_code", codes.dept_code, dept) if dept else "",
        orgcode=_printable(given.orgcode or pad.orgcode, "matter.orgcode"),
        org_name=_printable(given.org_name or pad.org_name, "matter.org_name"),
        user_prop=_coded("user_prop", given.user_prop, codes.USER_PROP),
        user_page_type=_coded("user_page_type", given.user_page_type, codes.DOCUMENT_TYPE),
        win_no=_printable(given.win_no or pad.win_no, "matter.win_no"),
    )


def _rater(given: _MatterBody) -> Rater:
    return Rater(
        name=_printable(given.user_name or given.name, "matter.name"),
        mobile=_printable(given.mobile, "matter.mobile"),
        credit_type=_coded("credit_type", given.credit_type, codes.DOCUMENT_TYPE),
        cert_key=_printable(given.cert_key, "matter.cert_key"),
        cert_key_gov=_printable(given.cert_key_gov, "matter.cert_key_gov"),
    )


def _staff(given: _StaffBody, prefix: str) -> Staff:
    return Staff(
        number=_printable(given.number, f"{prefix}number"),
        name=_printable(given.name, f"{prefix}name"),
        post=_printable(given.post, f"{prefix}post"),
        stars=_stars(given.stars, f"{prefix}stars"),
        photo=_photo(given.photo, f"{prefix}photo"),
    )


def _photo(given: str, field: str) -> bytes:
    try:
        photo = base64.b64decode(given.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InputError("bad_value", field, "must be a JPEG or PNG in base64") from error
    if photo and not photo.startswith((_JPEG, _PNG)):
        raise InputError("bad_value", field, "must be a JPEG or PNG in base64")
    return portrait.small(photo)


def _project_no(given: str | None) -> str | None:
    if given is None:
        return None
    number = _printable(given, "matter.project_no")
    if not number or number != number.strip():
        raise _bad("project_no", "must not be empty, nor begin or end with a blank")
    if _is_disguised(number):
        raise _bad(
            "project_no",
            "must be as the business system writes it: plain digits and letters, single blanks, "
            "nothing invisible",
        )
    return number


def _is_disguised(number: str) -> bool:
    """Whether it is to be read as another number that is not the same text: that one would be rated twice."""
    return (
        unicodedata.normalize("NFC", number) != number
        or "  " in number
        or any(_is_unseen(char) or _reads_as_ascii(char) for char in number)
    )


def _is_unseen(char: str) -> bool:
    is_blank = char.isspace() and char != " "
    return is_blank or unicodedata.category(char) == "Cf" or _UNSEEN.match(char) is not None


def _reads_as_ascii(char: str) -> bool:
    """A full-width digit, a letter in a circle: what is a plain digit or letter to whoever reads it."""
    plain = unicodedata.normalize("NFKC", char)
    return not char.isascii() and any(each.isascii() and each.isalnum() for each in plain)


def _number(name: str, given: float | str, least: int, most: int) -> int:
    """A whole number, also as text."""
    is_whole = re.fullmatch(r"[0-9]{1,4}", given) if isinstance(given, str) else _is_whole(given)
    number = int(given) if is_whole else least - 1
    if not least <= number <= most:
        raise _bad(name, f"must be a whole number from {least} to {most}")
    return number


def _stars(given: float | None, field: str) -> int | None:
    if given is not None and not _is_whole(given):
        raise InputError("bad_value", field, "must be a whole number from 0 to 5")
    return None if given is None else int(given)


def _is_whole(given: float) -> bool:
    """Whether it is, also with the point that some systems give every number."""
    return given % 1 == 0


def _coded(name: str, given: str, table: dict[str, str]) -> str:
    if given and given not in table:
        raise _bad(name, "unknown code; allowed are " + ", ".join(f"{c} {w}" for c, w in table.items()))
    return given


def _service_time(given: str) -> str:
    if not given:
        return ""
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise _bad("service_time", "must be a time such as 2026-01-31 09:30:00 (China time)") from error
    return wire_time(moment if moment.tzinfo else moment.replace(tzinfo=CHINA_TIME))


def _printable(text: str, field: str) -> str:
    """Text without control characters, which no screen and no platform can take."""
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise InputError("bad_value", field, "must be plain text without control characters")
    return text


_Got = TypeVar("_Got")


def _checked(name: str, check: Callable[[str], _Got], given: str) -> _Got:
    try:
        return check(given)
    except ValueError as error:
        raise _bad(name, str(error)) from error


def _bad(name: str, message: str) -> InputError:
    return InputError("bad_value", f"matter.{name}", message)


# --- JSON ------------------------------------------------------------------------------

_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<field>[^`]*)`)?$", re.DOTALL)
_NAMED: Final = re.compile(r"(?P<kind>unknown|missing required) field `(?P<name>[^`]+)`")
_B = TypeVar("_B", bound=_Body)


def _decode(body: bytes, kind: type[_B]) -> _B:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        # not "from error": that one holds the whole body
        raise InputError("not_json", "", "the body must be a JSON object in UTF-8") from None


def _explain(message: str) -> InputError:
    """msgspec's words as ours: the field, and what is allowed there."""
    match = _PLACE.match(message)
    what, field = (match["what"], match["field"] or "") if match else (message, "")
    if named := _NAMED.search(what):
        path = f"{field}.{named['name']}" if field else named["name"]
        if named["kind"] == "unknown":
            return InputError("unknown_field", path, "no field of this name is known here")
        return InputError("missing_field", path, "missing; this field must be given")
    allowed = what.removeprefix("Expected ").split(", got ")[0].replace("`", "")
    if what.startswith("Invalid enum value"):
        allowed = "one of " + ", ".join(ServiceMode)
    return InputError("bad_value", field, f"must be {allowed}")
