"""What is told of bad ratings, word by word."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pad.codes import Level
from pad.model import CHINA_TIME
from pad.working_days import UnknownYear
from syncd.alerting.message import BadRating, message, trial

HALL = "綦江区政务服务中心"
RATING = BadRating(
    id="0197-aa",
    level=Level.VERY_DISSATISFIED,
    window="A07",
    task="居民身份证补领",
    step="申报",
    at=datetime(2026, 6, 1, 9, 12, 33, tzinfo=CHINA_TIME),
    time_uncertain=False,
    reasons=("在政府部门现场等待时间过长", "服务态度差"),
    commented=False,
    deadline=date(2026, 6, 8),
)


def test_one_bad_rating() -> None:
    said = message(HALL, [RATING], 5, 2048)
    assert said.subject == "好差评：1 条差评待处理"
    assert said.count == 1
    assert said.text == (
        "【好差评】收到 1 条差评\n"
        "綦江区政务服务中心\n"
        "窗口 A07：非常不满意\n"
        "事项：居民身份证补领（申报）\n"
        "时间：2026-06-01 09:12\n"
        "原因：在政府部门现场等待时间过长；服务态度差\n"
        "办理期限：2026-06-08（5 个工作日）\n"
        "评价编号：0197-aa"
    )


def test_several_go_into_one_message() -> None:
    other = replace(RATING, id="0197-bb", level=Level.DISSATISFIED, window="", task="", step="", reasons=())
    said = message(HALL, [RATING, other], 5, 2048)
    assert said.count == 2
    assert said.text.startswith("【好差评】收到 2 条差评\n綦江区政务服务中心\n\n（1）窗口 A07：非常不满意\n")
    assert said.text.endswith(
        "\n\n（2）不满意\n时间：2026-06-01 09:12\n原因：未选择\n办理期限：2026-06-08（5 个工作日）\n"
        "评价编号：0197-bb"
    )


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"commented": True}, "另有文字意见，请在好差评系统中查看"),
        ({"may_have_arrived": True}, "可能已告知过：上次发出后未收到应答"),
        ({"at": None, "deadline": None}, "时间：未知（评价器尚未对时）"),
        ({"at": None, "deadline": None}, "办理期限：自评价之日起 5 个工作日，请人工推算"),
        ({"time_uncertain": True}, "时间：2026-06-01 09:12（时钟未校准，仅供参考）"),
        (
            {"deadline": UnknownYear(2027)},
            "办理期限：5 个工作日，请人工推算（本版本尚无 2027 年的法定节假日安排）",
        ),
        ({"task": ""}, "事项：（申报）"),
        ({"step": ""}, "事项：居民身份证补领"),
        ({"task": "事" * 90}, f"事项：{'事' * 59}…（申报）"),
        ({"task": "两\n行"}, "事项：两 行（申报）"),
    ],
)
def test_what_else_may_be_said(changed: dict[str, object], line: str) -> None:
    said = message(HALL, [replace(RATING, **changed)], 5, 2048)  # type: ignore[arg-type]
    assert line in said.text.split("\n")


def test_what_does_not_fit_is_told_in_the_next_message() -> None:
    many = [replace(RATING, id=f"id-{number}") for number in range(30)]
    said = message(HALL, many, 5, 2048, behind=7)
    assert 1 < said.count < 30
    assert len(said.text.encode()) <= 2048
    assert f"另有 {30 - said.count + 7} 条随后告知" in said.text
    assert said.subject == f"好差评：{said.count} 条差评待处理"
    assert "id-0" in said.text
    assert f"id-{said.count}" not in said.text


def test_the_longest_there_can_be_fits() -> None:
    wide = "𠮷" * 300
    longest = replace(
        RATING, window=wide[:32], task=wide, step=wide, reasons=(wide, wide), commented=True,
        may_have_arrived=True, time_uncertain=True, deadline=UnknownYear(2027),
    )  # fmt: skip
    said = message(wide, [longest], 60, 2048, behind=10**6)
    assert len(said.text.encode()) <= 2048


LONG = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=300)


@given(LONG, LONG, LONG, LONG, st.lists(LONG, max_size=8), st.integers(1, 20))
def test_whatever_a_matter_is_called_a_message_fits_wecom(
    hall: str, window: str, task: str, step: str, reasons: list[str], count: int
) -> None:
    rating = replace(
        RATING,
        id="0197aaaa-aaaa-7aaa-aaaa-aaaaaaaaaaaa",
        window=window[:32], task=task, step=step, reasons=tuple(reasons), commented=True,
        may_have_arrived=True, deadline=UnknownYear(2027), time_uncertain=True,
    )  # fmt: skip
    said = message(hall, [rating] * count, 60, 2048, behind=10**6)
    assert len(said.text.encode()) <= 2048
    assert said.count >= 1


def test_a_test_message_says_that_it_is_one_and_has_the_keyword() -> None:
    said = trial(HALL, "A07")
    assert said.text == (
        "【好差评】测试消息，无需处理\n綦江区政务服务中心 窗口 A07 的评价器今后会在此告知差评。"
    )
    assert "窗口" not in trial(HALL, "").text


def test_every_message_has_the_keyword_robots_may_ask_for() -> None:
    assert "差评" in message(HALL, [RATING], 5, 2048).text
    assert "差评" in trial(HALL, "").text
