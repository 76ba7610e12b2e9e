"""Every command of padctl: each answers programs too, and says what other parts say in Chinese as well."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pad.ctl import flags, verify, words
from pad.ctl.__main__ import padctl
from pad.ctl.words import said
from pad.suspicion.signs import Kind
from pad.suspicion.words import in_words
from tests.syncd.pad_box import PadBox

ROOT = Path(__file__).parents[3]
FOR_PEOPLE_ALONE = {"completion"}
"""A shell reads it."""


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = tuple(commands(padctl))


def test_all_are_walked() -> None:
    assert len(EVERY) > 20
    assert {("keys", "rotate"), ("clock",), ("clock", "set"), ("config", "set"), ("status",)} <= set(EVERY)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_each_answers_programs_too(words: tuple[str, ...]) -> None:
    helped = CliRunner().invoke(padctl, [*words, "--help"])
    assert helped.exit_code == 0, helped.output
    assert ("--json" in helped.output) is (" ".join(words) not in FOR_PEOPLE_ALONE)


def answered(box: PadBox, *words: str, stdin: str = "") -> tuple[int, object]:
    done = CliRunner().invoke(padctl, [*words, "--json"], env=box.environment, input=stdin)
    assert done.stdout, (done.stderr, done.exception)
    return done.exit_code, json.loads(done.stdout)


def test_those_that_only_do_something_say_what_they_did(box: PadBox, tmp_path: Path) -> None:
    box.configure("https://platform.invalid")
    assert answered(box, "pin", "--stdin", stdin="482913\n") == (0, {"set": True})
    file = str(box.folder / "pad.toml")
    done = {"file": file, "key": "screen.language", "changed": True, "noted": True}
    words = ("config", "set", "screen.language", "en")
    assert answered(box, *words) == (0, done | {"restart": "systemctl restart kiosk"})
    assert answered(box, *words) == (0, done | {"changed": False, "noted": False, "restart": ""})
    code, told = answered(box, "keys", "make")
    assert (code, told) == (0, {"made": ["device_sm2.key"], "folder": str(box.state / "keys")})
    box.rate("P1")
    code, told = answered(box, "keys", "rotate")
    assert (code, told) == (
        0, {"start": 2, "chain": 2, "sealing": 2, "folder": str(box.state / "keys")}
    )  # fmt: skip


@pytest.fixture
def chinese() -> Iterator[None]:
    words.speak("zh_CN")
    yield
    words.speak("en")


NUMBERS = dict.fromkeys(
    ("count", "within_s", "first_touch_ms", "submitted_ms", "sittings", "minute_of_day", "rest_day",
     "calendar_known", "shown_s", "ratings", "share", "others", "others_share", "sigma", "sooner_sigma",
     "spread"),
    1.0,
)  # fmt: skip


@pytest.mark.parametrize("rest_day", [0.0, 1.0])
@pytest.mark.parametrize("known", [0.0, 1.0])
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.usefixtures("chinese")
def test_why_something_is_marked_is_said_in_chinese(kind: Kind, rest_day: float, known: float) -> None:
    english = in_words(kind, NUMBERS | {"rest_day": rest_day, "calendar_known": known})
    assert not re.search("[A-Za-z]{2}", said(english, flags.REASONS)), english


@pytest.mark.usefixtures("chinese")
def test_what_an_examination_finds_is_said_in_chinese_with_its_numbers() -> None:
    assert said("rows 3 to 7 are missing; row 8 follows 2", verify.SENTENCES) == (
        "第 3 至 7 行缺失；第 2 行之后是第 8 行"
    )
    assert said("of rating 12", ("of rating {seq}",)) == "评价 12"
    assert said("something new", verify.SENTENCES) == "something new"


def test_every_sentence_of_an_examination_is_among_those_that_are_translated() -> None:
    """Those whose whole text stands in the code; those with numbers are above."""
    sources = [
        (ROOT / f"pad/{name}.py").read_text(encoding="utf-8") for name in ("chain", "ledger/verification")
    ]
    for sentence in verify.SENTENCES:
        begin = sentence.partition("{")[0].split(":")[0]
        text = begin if len(begin) > 6 else sentence.rpartition("}")[2] or begin
        assert any(text in source for source in (*sources, *_others())), sentence
    written = re.findall(
        r'Break\([^"]*?, "([^"]+)"\)|what = "([^"]+)"|^        "([a-z][^"]+)",$',
        "".join(sources),
        re.MULTILINE,
    )
    fixed = {next(filter(None, found)) for found in written} - {"ratings", "visits", "deliveries", "rater"}
    assert len(fixed) > 10
    assert fixed <= set(verify.SENTENCES)


def _others() -> list[str]:
    return [(ROOT / "pad/told_head.py").read_text(encoding="utf-8")]
