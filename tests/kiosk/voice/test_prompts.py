"""Which sentence is due at which step, that none leans to a level, and that each is read out right."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from kiosk.ui.words import LEVELS, Catalogues
from kiosk.view import Ring, ScreenName, View
from kiosk.voice.prompts import SENTENCES, Prompt, every_prompt, prompt_of, prompt_on, spoken
from pad.codes import Level

IDLE = View(ScreenName.IDLE)
INVITATION = View(ScreenName.INVITATION, visit_id="v1", ring=Ring(60, 60.0, held=False))
CHINESE = Catalogues("zh_CN").say


def reasons(level: Level, *, ticked: frozenset[str] = frozenset(), visit: str = "v1") -> View:
    waits = level.is_bad and not ticked
    return View(
        ScreenName.REASONS,
        visit_id=visit,
        level=level,
        ticked=ticked,
        can_submit=not waits,
        may_decline_reason=waits,
        ring=Ring(30, 30.0, held=False),
    )


def name_of(before: View, after: View) -> str | None:
    prompt = prompt_of(before, after)
    return None if prompt is None else prompt.name


@pytest.mark.parametrize(
    ("screen", "name"),
    [
        (ScreenName.INVITATION, "invitation"),
        (ScreenName.COMMENT, "comment"),
        (ScreenName.IDENTITY, "identity"),
        (ScreenName.THANKS, "thanks"),
        (ScreenName.WITHDRAWN, "withdrawn"),
        (ScreenName.ALREADY_RATED, "already-rated"),
        (ScreenName.PAUSED, "paused"),
        (ScreenName.CLOSED, "closed"),
        (ScreenName.CANNOT_STORE, "cannot-store"),
        (ScreenName.STARTING, None),
        (ScreenName.SERVING, None),
        (ScreenName.PIN, None),
        (ScreenName.TECHNICIAN, None),
    ],
)
def test_each_step_has_its_sentence_or_none(screen: ScreenName, name: str | None) -> None:
    assert name_of(IDLE, View(screen)) == name
    assert name_of(View(screen), View(screen)) is None
    assert name_of(View(screen), IDLE) is None


@pytest.mark.parametrize("level", Level)
def test_the_level_that_was_tapped_is_said(level: Level) -> None:
    prompt = prompt_of(INVITATION, reasons(level))
    assert prompt is not None
    assert prompt.name == f"reasons-{level.value}"
    assert prompt.parts == (("level", LEVELS[level]),)
    assert CHINESE(LEVELS[level]) in spoken(prompt, CHINESE)


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_five_levels_differ_in_their_word_alone(counts: bool, language: str) -> None:
    words = Catalogues(language)
    said = set()
    for level in Level:
        prompt = prompt_of(INVITATION, replace(reasons(level), sent_by_itself=counts))
        assert prompt is not None
        said.add(spoken(prompt, words.say).replace(words.level(level), "…", 1))
    assert len(said) == 1
    assert "…" in said.pop()


def test_another_level_is_said_again_and_the_same_one_is_not() -> None:
    good, bad = reasons(Level.SATISFIED), reasons(Level.DISSATISFIED)
    assert name_of(good, bad) == "reasons-2"
    assert name_of(bad, good) == "reasons-4"
    assert name_of(good, good) is None


def test_a_new_visit_is_invited_though_the_screen_stays() -> None:
    assert name_of(INVITATION, replace(INVITATION, visit_id="v2")) == "invitation"
    assert name_of(reasons(Level.SATISFIED), reasons(Level.SATISFIED, visit="v2")) == "reasons-4"


def test_rings_ticks_words_and_notices_are_silent() -> None:
    view = reasons(Level.SATISFIED)
    held = Ring(99, 30.0, held=True)
    assert name_of(INVITATION, replace(INVITATION, ring=held, armed=False)) is None
    assert name_of(view, replace(view, ring=held, ticked=frozenset({"1"}), comment="x")) is None
    paused = View(ScreenName.PAUSED)
    assert name_of(paused, replace(paused, notice="back at two")) is None


def test_a_reason_is_asked_for_when_the_last_one_is_taken_off() -> None:
    with_reason = reasons(Level.DISSATISFIED, ticked=frozenset({"7"}))
    without = reasons(Level.DISSATISFIED)
    assert name_of(with_reason, without) == "ask-reason"
    assert name_of(without, without) is None
    assert name_of(without, with_reason) is None


def test_whoever_comes_back_from_another_page_hears_where_they_are() -> None:
    view = reasons(Level.DISSATISFIED)
    comment = replace(view, screen=ScreenName.COMMENT)
    assert name_of(view, comment) == "comment"
    assert name_of(comment, view) == "reasons-2"


def test_nothing_is_said_while_the_disk_takes_the_rating() -> None:
    view = reasons(Level.SATISFIED)
    saving = replace(view, can_submit=False, ring=None)
    assert name_of(view, saving) is None
    assert name_of(replace(view, screen=ScreenName.COMMENT), saving) is None
    assert name_of(saving, View(ScreenName.THANKS)) == "thanks"


def test_where_walking_away_discards_that_is_what_is_said() -> None:
    view = replace(reasons(Level.SATISFIED), sent_by_itself=False)
    assert name_of(INVITATION, view) == "reasons-4-submitted-only"


def test_a_screen_can_be_said_again_in_another_language() -> None:
    assert prompt_on(INVITATION) == prompt_of(IDLE, INVITATION)


def test_all_prompts_are_there_once() -> None:
    names = [each.name for each in every_prompt()]
    assert len(names) == len(set(names)) == len(SENTENCES) + 2 * 4
    assert {f"reasons-{level.value}" for level in Level} <= set(names)


@pytest.mark.parametrize("prompt", every_prompt(), ids=lambda prompt: prompt.name)
def test_every_chinese_sentence_is_read_as_chinese(prompt: Prompt) -> None:
    """A syllable a character, each with a tone, and none spelled out in English."""
    text = spoken(prompt, CHINESE)
    done = subprocess.run(
        ["espeak-ng", "-b", "1", "-v", "cmn-latn-pinyin", "-x", "-q", "--stdin"],
        input=text.encode(), capture_output=True, check=True,
    )  # fmt: skip
    heard = done.stdout.decode()
    assert "(" not in heard
    syllables = [each for each in heard.split() if any(sign.isdigit() for sign in each)]
    assert len(syllables) == sum("一" <= character <= "龥" for character in text)


def test_no_sentence_has_room_for_a_persons_data() -> None:
    assert {part for prompt in every_prompt() for part, _ in prompt.parts} == {"level"}
    assert all("{" not in text.replace("{level}", "") for text in SENTENCES.values())
