"""``[alerts]``: what does not hold together is refused with the key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pad import settings
from tests.pad.test_settings import SMALLEST, refusal, written

MAIL = '[alerts.smtp]\nhost = "mail.example"\nsender = "pad@example.cn"\nto = ["boss@example.cn"]\n'


def test_mail_with_all_it_needs(tmp_path: Path) -> None:
    smtp = settings.load(written(tmp_path, SMALLEST + MAIL), {}).alerts.smtp
    assert (smtp.host, smtp.port, smtp.encryption) == ("mail.example", 465, settings.Encryption.TLS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MAIL.replace('sender = "pad@example.cn"\n', ""), "alerts.smtp.sender: found none"),
        (MAIL.replace('to = ["boss@example.cn"]\n', ""), "alerts.smtp.to: found none"),
        (
            MAIL + 'encryption = "none"\n',
            'alerts.smtp.encryption: found "none" with host \'mail.example\'; allowed are "tls" and',
        ),
        ("[alerts]\nwecom = 1\n", "alerts.wecom: found 1; allowed is true or false"),
        ("[alerts]\ndeadline_working_days = 0\n", "alerts.deadline_working_days: found 0"),
        ("[alerts]\nwechat = true\n", "alerts.wechat: unknown key; allowed here are wecom"),
        ('[alerts.smtp]\nencryption = "ssl"\n', 'one of "tls", "starttls", "none"'),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, SMALLEST + text)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_plain_mail_goes_to_this_machine_alone(tmp_path: Path, host: str) -> None:
    text = MAIL.replace("mail.example", host) + 'encryption = "none"\n'
    assert settings.load(written(tmp_path, SMALLEST + text), {}).alerts.smtp.host == host
