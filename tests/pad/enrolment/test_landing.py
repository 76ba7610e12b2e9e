"""What an answer changes, and what it leaves."""

from __future__ import annotations

from dataclasses import fields

import msgspec
import pytest

from pad.enrolment.landing import Landing, landing
from pad.enrolment.wire import Answer, Platform, Secrets, Window
from pad.settings import Dialect

KEY = "04" + "a" * 128


def landed(
    profile: Dialect = Dialect.ITEMISED,
    now: str = "profile.toml",
    speaks: Dialect | None = None,
    before: tuple[str, str] = ("", ""),
    **given: str,
) -> Landing:
    platform = Platform(profile, "https://platform.example/gateway/", "pad", KEY, given.get("phone_url"))
    answer = Answer("pad-7", Window("大厅", "A07"), platform, "04")
    return landing(
        answer, Secrets("word", given.get("phone_key")), profile=now, dialect=speaks,
        before=before[0], phone_url=before[1],
    )  # fmt: skip


def test_what_is_not_given_of_the_window_is_emptied_for_it_may_have_been_another_windows() -> None:
    settings = landed().settings
    assert settings["pad.win_no"] == "A07"
    assert settings["pad.dept_code"] == settings["pad.orgcode"] == ""
    assert {key for key in settings if key.startswith("pad.")} == {
        "pad.device_id", *(f"pad.{field.name}" for field in msgspec.structs.fields(Window))
    }  # fmt: skip


@pytest.mark.parametrize("dialect", Dialect)
def test_the_dialects_profile_is_set_unless_the_citys_own_speaks_it(dialect: Dialect) -> None:
    other = next(each for each in Dialect if each is not dialect)
    assert landed(dialect, speaks=other).settings["platform.profile"] == f"platforms/{dialect}.toml"
    assert landed(dialect, speaks=dialect).settings["platform.profile"] == "profile.toml"


def test_the_address_has_no_stroke_at_its_end() -> None:
    assert landed().settings["platform.url"] == "https://platform.example/gateway"


def test_the_phones_page_and_key_stay_where_none_are_given() -> None:
    bare = landed()
    assert "phone.url" not in bare.settings
    assert set(bare.secrets) == {"app_word", "platform_sm2.pub"}
    full = landed(phone_url="https://platform.example/r", phone_key="0" * 32)
    assert full.settings["phone.url"] == "https://platform.example/r"
    assert full.secrets["phone.key"] == "0" * 32


@pytest.mark.parametrize(
    ("platform", "page", "goes"),
    [
        ("https://old.example/gateway", "https://old.example/r", True),
        ("https://old.example/gateway", "https://city.example/r", False),
        ("https://platform.example/gateway", "https://platform.example/r", False),
        ("https://old.example/gateway", "", False),
    ],
)
def test_the_page_for_phones_goes_with_the_platform_that_has_it(platform: str, page: str, goes: bool) -> None:
    settings = landed(before=(platform, page)).settings
    assert settings.get("phone.url") == ("" if goes else None)
    given = landed(before=(platform, page), phone_url="https://platform.example/q").settings
    assert given["phone.url"] == "https://platform.example/q"


def test_no_secret_is_a_setting_nor_in_a_repr() -> None:
    found = landed(phone_key="0" * 32)
    assert not {"word", "0" * 32} & set(found.settings.values())
    assert "'word'" not in repr(found)
    assert [field.name for field in fields(found)] == ["settings", "secrets"]
