"""The real daemon and the sandbox's three robots, two of which want every message signed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from pad import keys
from tests.sandbox.conftest import Sandbox
from tests.syncd.alerting.told import CATALOGUE, FAILING_PLATFORM
from tests.syncd.pad_box import PadBox

ALL = "[alerts]\nwecom = true\ndingtalk = true\nfeishu = true"


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    signs = '[robots]\nkey = "k1"\ndingtalk_sign = "SEC-d"\nfeishu_sign = "SEC-f"\n'
    made = Sandbox(tmp_path_factory.mktemp("sandbox"), sm2=signs)
    yield made
    made.close()


@pytest.fixture
def told(box: PadBox, sandbox: Sandbox) -> PadBox:
    """A pad that tells all three."""
    folder = box.state / "keys"
    for name, secret in {
        "app_word": "word",
        "alert_wecom": f"{sandbox.url}/robots/wecom/cgi-bin/webhook/send?key=k1",
        "alert_dingtalk": f"{sandbox.url}/robots/dingtalk/robot/send?access_token=k1",
        "alert_dingtalk_sign": "SEC-d",
        "alert_feishu": f"{sandbox.url}/robots/feishu/open-apis/bot/v2/hook/k1",
        "alert_feishu_sign": "SEC-f",
    }.items():
        keys.write_secret(folder / name, secret)
    (box.folder / "indicators").mkdir()
    shutil.copy(CATALOGUE, box.folder / "indicators")
    box.configure(FAILING_PLATFORM, "itemised", extra=ALL)
    return box


def heard(sandbox: Sandbox, count: int) -> list[str]:
    """Which robots were told something, once so many messages came."""
    found = sandbox.control("GET", f"alerts?count={count}&wait=20").json()["alerts"]
    return sorted(each["robot"] for each in found)


def test_all_three_are_told_each_once(told: PadBox, sandbox: Sandbox) -> None:
    daemon = told.daemon()
    told.wait_until(lambda: len(told.journal()) == 3)
    told.rate("good", 5)
    bad = [told.rate(f"bad-{level}", level) for level in (1, 2)]
    told.ring()
    told.wait_until(
        lambda: told.db.execute("SELECT COUNT(*) FROM alerts WHERE state = 'told'").fetchone()[0] == 6
    )
    assert daemon.terminate() == 0
    texts = sandbox.control("GET", "alerts").json()["alerts"]
    for robot in ("wecom", "dingtalk", "feishu"):
        said = "".join(each["text"] for each in texts if each["robot"] == robot)
        assert [said.count(rating.id) for rating in bad] == [1, 1]


def test_the_test_message_reaches_all_three(told: PadBox, sandbox: Sandbox) -> None:
    daemon = told.daemon(
        "-c", "import sys; sys.argv = ['alerts']; from syncd.alerting.__main__ import main; main()"
    )
    assert daemon.wait() == 0
    assert heard(sandbox, 3) == ["dingtalk", "feishu", "wecom"]


def test_a_wrong_sign_is_refused_and_named(told: PadBox, sandbox: Sandbox) -> None:
    keys.write_secret(told.state / "keys" / "alert_feishu_sign", "SEC-x", replace=True)
    daemon = told.daemon()
    told.wait_until(lambda: len(told.journal()) == 3)
    told.rate("bad", 1)
    told.ring()
    daemon.wait_for_log(
        "feishu: it refuses the message (code 19021: wrong sign: check keys/alert_feishu_sign"
    )
    assert heard(sandbox, 2) == ["dingtalk", "wecom"]
