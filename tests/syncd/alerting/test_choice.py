"""Whom the settings want told; a missing or unusable secret stops the start and is named, never shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pad import keys
from pad.keys import SecretError
from pad.settings import SettingsError
from syncd.alerting.choice import targets_for
from tests.syncd.alerting.told import FAILING_PLATFORM
from tests.syncd.pad_box import PadBox

MAIL = '[alerts.smtp]\nhost = "mail.example"\nsender = "pad@example.gov.cn"\nto = ["boss@example.gov.cn"]\n'


def configured(box: PadBox, extra: str, **secrets: str) -> list[str]:
    box.configure(FAILING_PLATFORM, extra=extra)
    for name, text in secrets.items():
        keys.write_secret(box.state / "keys" / name, text)
    return [target.name for target in targets_for(box.settings(), lambda: datetime.now(UTC))]


def test_nobody_where_nothing_is_on(box: PadBox) -> None:
    assert configured(box, "") == []
    assert configured(box, "[alerts]\nwecom = false", alert_wecom="https://robot.example/x") == []


def test_everybody_who_is_on(box: PadBox) -> None:
    on = f"[alerts]\nwecom = true\ndingtalk = true\nfeishu = true\n{MAIL}"
    address = "https://robot.example/send?key=x"
    names = configured(box, on, alert_wecom=address, alert_dingtalk=address, alert_feishu=address)
    assert names == ["wecom", "dingtalk", "feishu", "smtp"]


@pytest.mark.parametrize("make", ["wecom", "dingtalk", "feishu"])
def test_a_robot_without_an_address_names_file_and_key(box: PadBox, make: str) -> None:
    with pytest.raises(SecretError) as refused:
        configured(box, f"[alerts]\n{make} = true")
    assert f"keys/alert_{make}: missing or empty" in str(refused.value)
    assert f"pad.toml: alerts.{make} is true: the robot's address is needed there" in str(refused.value)


def test_a_mail_user_without_a_password_names_file_and_key(box: PadBox) -> None:
    with pytest.raises(SecretError, match=r"keys/alert_smtp: .*alerts\.smtp\.user is set: its password"):
        configured(box, MAIL + 'user = "pad"\n')


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://robot.example/send?key=s3cret", "found http; allowed is https"),
        ("http://127.0.0.1.example/send?key=s3cret", "found http; allowed is https"),
        ("ftp://robot.example/s3cret", "not a robot's address"),
        ("robot.example/s3cret", "not a robot's address"),
        ("https:///s3cret", "not a robot's address"),
        ("https://user:s3cret@robot.example/", "not a robot's address"),
        ("https://robot.example:s3cret/", "not a robot's address"),
        ("https://robot.example/s3cret https://robot.example/2", "not a robot's address"),
        ("https://[s3cret/", "not a robot's address"),
    ],
)
def test_an_address_that_cannot_be_used_is_not_shown(box: PadBox, address: str, said: str) -> None:
    with pytest.raises(SecretError) as refused:
        configured(box, "[alerts]\nwecom = true", alert_wecom=address)
    assert said in str(refused.value)
    assert "keys/alert_wecom" in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1:81", "[::1]:81", "localhost"])
def test_http_is_for_practice_on_this_machine(box: PadBox, host: str) -> None:
    assert configured(box, "[alerts]\nwecom = true", alert_wecom=f"http://{host}/x") == ["wecom"]


def test_a_file_of_authorities_that_is_none_is_named(box: PadBox) -> None:
    with pytest.raises(SettingsError, match=r"alerts\.ca_file: .*none\.pem cannot be used"):
        configured(box, f'[alerts]\nca_file = "none.pem"\n{MAIL}')
