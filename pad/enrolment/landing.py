"""Where an enrolment's answer lands: which settings it changes, and which secrets it brings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from pad import phone
from pad.enrolment.wire import Answer, Secrets
from pad.settings.platform import Dialect

APP_WORD: Final = "app_word"
PLATFORM_KEY: Final = "platform_sm2.pub"


@dataclass(frozen=True, slots=True)
class Landing:
    """Settings by key, and secrets by the name of their file in ``keys``."""

    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


def landing(
    answer: Answer,
    secrets: Secrets,
    *,
    profile: str,
    dialect: Dialect | None,
    before: str = "",
    phone_url: str = "",
) -> Landing:
    """What is to be written. What an answer does not name stays as it is, but for the page on which phones
    rate at a platform that is left.

    :param profile: what ``platform.profile`` names now, and ``dialect`` what that speaks; a city's own
        profile of the right dialect is kept
    :param before: what ``platform.url`` names now, and ``phone_url`` what ``phone.url`` does
    """
    window, platform = answer.pad, answer.platform
    settings = {
        "pad.device_id": answer.device,
        "pad.hall_name": window.hall_name,
        "pad.win_no": window.win_no,
        "pad.area_code": window.area_code,
        "pad.dept_code": window.dept_code,
        "pad.orgcode": window.orgcode,
        "pad.org_name": window.org_name,
        "platform.profile": profile if dialect is platform.profile else f"platforms/{platform.profile}.toml",
        "platform.url": platform.url.rstrip("/"),
        "platform.app_mark": platform.app_mark,
    }
    if platform.phone_url is not None:
        settings["phone.url"] = platform.phone_url
    elif phone_url and before.rstrip("/") != settings["platform.url"] and _is_at(phone_url, before):
        settings["phone.url"] = ""
    named = {
        APP_WORD: secrets.app_word,
        PLATFORM_KEY: platform.sm2_public_key,
        phone.KEY_NAME: secrets.phone_key,
    }
    return Landing(settings, {name: text for name, text in named.items() if text is not None})


def _is_at(url: str, platform: str) -> bool:
    return urlsplit(url).hostname == urlsplit(platform).hostname
