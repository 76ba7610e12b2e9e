"""A practice platform with a busy day behind it, and Debian's Chromium to look at its pages with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium_browser
from tests.sandbox.conftest import Sandbox, item, wire

SCRIPT = "<script>document.title='taken over'</script><img src=x onerror=document.title='taken over'>"
"""What a citizen may write in a comment, and a business system in a clerk's name."""
_TASKS = ("个体工商户设立登记", "居民身份证换领", "不动产转移登记", "社会保险参保登记", "食品经营许可")
_CLERKS = (("1024", "王芳", "A07"), ("1031", "李强", "A08"), ("1042", "张敏", "B02"), ("1055", "赵磊", "B03"))
_CHOSEN = {
    5: ("510,517", "512", "510", "513,517"),
    4: ("410", "412,413", ""),
    3: ("310", ""),
    2: ("207,214", "211"),
    1: ("111,113", ""),
}
_WORDS = {
    5: ("态度很好，办得快！", "", "", "Very helpful, thank you.", ""),
    4: ("", "排队有点久", ""),
    3: ("", "一般"),
    2: ("等了两个小时才轮到我，窗口还换了人，材料又要重新交一遍。", ""),
    1: ("", "同一份材料要我跑了三趟"),
}


def busy_day(sandbox: Sandbox, ratings: int = 120) -> None:
    """Ratings of five days by four clerks, three pads' heartbeats (one with a cut chain), refusals."""
    chance = random.Random(7)
    sent: list[dict[str, Any]] = []
    for number in range(ratings):
        level = chance.choices((5, 4, 3, 2, 1), (70, 18, 6, 4, 2))[0]
        staff, name, window = chance.choice(_CLERKS)
        ago_s = chance.choice((0, 0, 1, 1, 2, 3, 6)) * 86400 + chance.randrange(5, 4 * 3600)
        each = item(
            f"500110202611{number:08d}",
            f"0199a000-0000-7000-8000-{number:012d}",
            satisfaction=str(level),
            evalDetail=chance.choice(_CHOSEN[level]),
            writingEvaluation=chance.choice(_WORDS[level]),
            taskName=chance.choice(_TASKS),
            assessTime=wire(-ago_s),
            winNo=window,
            pf=chance.choice("4445"),
            mobile=chance.choice(("", "13800000000")),
        )
        sent.append(each | {"staff": {"number": staff, "name": name}})
    sent.sort(key=lambda each: str(each["rating"]["assessTime"]))
    for start in range(0, len(sent), 40):
        assert sandbox.itemised(*sent[start : start + 40]).status_code == 200
    sandbox.itemised(
        item("P-late", "r-late", assessTime=wire(7200)), item("P-code", "r-code", evalDetail="510,511,999")
    )
    for device, seqs in (("pad-a07", (80, 92)), ("pad-a08", (61, 64)), ("pad-b02", (50, 41))):
        for seq in seqs:
            head = {"seq": seq, "hash": f"{seq:02x}" * 32}
            waits = {"pending": 4, "oldest_pending_s": 754.2} if device == "pad-a08" else {"pending": 0}
            beat = {"device": device, "head": head, "versions": {"pad": "0.1.0"}, **waits}
            assert sandbox.signed("POST", "/itemised/v1/heartbeats", beat).status_code == 200


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    busy_day(sandbox)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with chromium_browser() as browser:
        yield browser
