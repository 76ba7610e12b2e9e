"""What is told of bad ratings, in words: pure, and nothing in it is of a person.

Not in it: the rater's data, the words of the comment (they may name people), the clerk's name
or number (the manager knows who sits at a window), and the project number (it leads to the
person who applied). In it: what it takes to act, and the rating's id to look the rest up by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pad.codes import Level
from pad.working_days import UnknownYear

_LEVELS: Final = {Level.VERY_DISSATISFIED: "非常不满意", Level.DISSATISFIED: "不满意"}
_TASK_MAX, _STEP_MAX, _REASONS_MAX, _HALL_MAX = 60, 20, 120, 60
"""Characters; with them one rating's lines stay below 1300 bytes, whatever the matter is called."""


@dataclass(frozen=True, slots=True)
class BadRating:
    """What may be told of one bad rating.

    ``at`` is None where nobody can tell the time yet, and so is ``deadline``.
    """

    id: str
    level: Level
    window: str
    task: str
    step: str
    at: datetime | None
    time_uncertain: bool
    reasons: tuple[str, ...]
    commented: bool
    deadline: date | UnknownYear | None
    may_have_arrived: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message, and how many of the ratings it was made for are in it."""

    subject: str
    text: str
    count: int


def message(
    hall: str, ratings: Sequence[BadRating], working_days: int, bytes_max: int, behind: int = 0
) -> Message:
    """As many of the ratings as fit into one message, from the front; at least one.

    :param behind: how many more wait behind those
    """
    made: Message | None = None
    for count in range(1, len(ratings) + 1):
        rest = len(ratings) - count + behind
        text = _text(hall, ratings[:count], working_days, rest)
        if made is not None and len(text.encode()) > bytes_max:
            break
        made = Message(f"好差评：{count} 条差评待处理", text, count)
    if made is None:
        raise ValueError("there is nothing to tell")
    return made


def trial(hall: str, window: str) -> Message:
    """A message that says that it is none."""
    at = f"{_clip(hall, _HALL_MAX)}{f' 窗口 {window} ' if window else ''}"
    text = f"【好差评】测试消息，无需处理\n{at}的评价器今后会在此告知差评。"
    return Message("好差评：测试消息", text, 0)


def _text(hall: str, ratings: Sequence[BadRating], working_days: int, rest: int) -> str:
    head = [f"【好差评】收到 {len(ratings)} 条差评", _clip(hall, _HALL_MAX)]
    if rest:
        head.append(f"另有 {rest} 条随后告知")
    numbered = len(ratings) > 1
    blocks = [
        "\n".join(_lines(rating, working_days, f"（{place}）" if numbered else ""))
        for place, rating in enumerate(ratings, 1)
    ]
    gap = "\n\n" if numbered else "\n"
    return gap.join(["\n".join(head), *blocks])


def _lines(rating: BadRating, working_days: int, place: str) -> list[str]:
    where = f"窗口 {rating.window}：" if rating.window else ""
    step = f"（{_clip(rating.step, _STEP_MAX)}）" if rating.step else ""
    lines = [f"{place}{where}{_LEVELS[rating.level]}"]
    if rating.may_have_arrived:
        lines.append("可能已告知过：上次发出后未收到应答")
    if rating.task or step:
        lines.append(f"事项：{_clip(rating.task, _TASK_MAX)}{step}")
    lines.append(f"时间：{_time(rating)}")
    lines.append(f"原因：{_clip('；'.join(rating.reasons), _REASONS_MAX) or '未选择'}")
    if rating.commented:
        lines.append("另有文字意见，请在好差评系统中查看")
    lines.append(f"办理期限：{_deadline(rating.deadline, working_days)}")
    lines.append(f"评价编号：{rating.id}")
    return lines


def _time(rating: BadRating) -> str:
    if rating.at is None:
        return "未知（评价器尚未对时）"
    return f"{rating.at:%Y-%m-%d %H:%M}{'（时钟未校准，仅供参考）' if rating.time_uncertain else ''}"


def _deadline(last: date | UnknownYear | None, working_days: int) -> str:
    match last:
        case date():
            return f"{last:%Y-%m-%d}（{working_days} 个工作日）"
        case UnknownYear(year=year):
            return f"{working_days} 个工作日，请人工推算（本版本尚无 {year} 年的法定节假日安排）"
        case None:
            return f"自评价之日起 {working_days} 个工作日，请人工推算"


def _clip(text: str, most: int) -> str:
    """One line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
