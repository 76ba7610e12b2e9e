"""What comes out of the loudspeaker, with the real espeak-ng and the real aplay, and what happens without."""

from __future__ import annotations

import logging
import os
import re
import select
import threading
from array import array
from datetime import datetime
from pathlib import Path

import pytest

from kiosk.ui.words import Catalogues
from kiosk.voice.prompts import every_prompt, spoken
from kiosk.voice.speaker import VoiceState
from pad.model import CHINA_TIME
from tests.kiosk.voice.conftest import LONG_S, Hall, Open, prompt, wav_of

INVITATION = prompt("invitation")
THANKS = prompt("thanks")
WORDS = Catalogues("zh_CN")
CHINESE = spoken(INVITATION, WORDS.say)
STEADY = array("h", [12_000]) * 16_000
"""A second of one amplitude: no synthesiser speaks like that."""


@pytest.mark.parametrize(
    ("language", "text"),
    [("zh_CN", CHINESE), ("zh_TW", CHINESE), ("en", INVITATION.text), ("ug", "رەھمەت"), ("fr", "Merci")],
)
def test_a_sentence_is_heard(hall: Hall, speaker: Open, language: str, text: str) -> None:
    voice = speaker()
    voice.speak(INVITATION, text, language)
    assert voice.wait(LONG_S)
    assert hall.loudness() > 5_000
    assert voice.state() == VoiceState(ok=True, errors=0)


def test_a_language_no_voice_speaks_is_silent_and_no_error(hall: Hall, speaker: Open) -> None:
    voice = speaker()
    voice.speak(INVITATION, "བཀའ་དྲིན་ཆེ།", "bo")
    assert voice.wait(LONG_S)
    assert not hall.loudness()
    assert voice.state() == VoiceState(ok=True, errors=0)


def test_a_recording_of_the_hall_wins(hall: Hall, speaker: Open) -> None:
    hall.record("zh_CN", "invitation", STEADY)
    voice = speaker()
    voice.speak(INVITATION, CHINESE, "zh_CN")
    assert voice.wait(LONG_S)
    assert set(hall.samples()) == {12_000}
    assert len(hall.samples()) == len(STEADY)


def test_a_recording_is_for_its_language_and_its_sentence_alone(hall: Hall, speaker: Open) -> None:
    hall.record("en", "invitation", STEADY)
    hall.record("zh_CN", "thanks", STEADY)
    voice = speaker()
    voice.speak(INVITATION, CHINESE, "zh_CN")
    assert voice.wait(LONG_S)
    assert len(set(hall.samples())) > 1_000


def test_words_without_a_prompt_are_heard_too(hall: Hall, speaker: Open) -> None:
    voice = speaker()
    voice.speak(None, "--version", "en")
    assert voice.wait(LONG_S)
    assert hall.loudness() > 5_000


def test_half_the_volume_is_half_the_amplitude(hall: Hall, speaker: Open) -> None:
    hall.record("zh_CN", "thanks", STEADY)
    voice = speaker()
    voice.set_volume(50)
    voice.speak(THANKS, "", "zh_CN")
    assert voice.wait(LONG_S)
    assert set(hall.samples()) == {6_000}


def test_a_synthesised_sentence_is_softer_too(hall: Hall, speaker: Open) -> None:
    voice, heard = speaker(), []
    for volume in (100, 50, 100):
        voice.set_volume(volume)
        voice.speak(THANKS, "Thank you", "en")
        assert voice.wait(LONG_S)
        heard.append(hall.loudness())
    assert heard[0] == heard[2]
    assert heard[1] == pytest.approx(heard[0] / 2, rel=0.1)


def test_a_recording_changed_while_the_pad_runs_is_played_as_it_is_now(hall: Hall, speaker: Open) -> None:
    voice = speaker()
    for amplitude in (1_000, 2_000):
        hall.record("zh_CN", "thanks", array("h", [amplitude]) * amplitude * 16)
        voice.speak(THANKS, "", "zh_CN")
        assert voice.wait(LONG_S)
        assert set(hall.samples()) - {0} == {amplitude}


def test_a_volume_that_is_none_says_what_is_allowed(speaker: Open) -> None:
    with pytest.raises(ValueError, match=r"^volume: found 101; allowed are 0 to 100$"):
        speaker().set_volume(101)


@pytest.mark.parametrize("silent", [{"volume": 0}, {"enabled": False}, {"quiet_hours": ("11:00-12:01",)}])
def test_nothing_is_started_when_it_is_to_be_silent(
    hall: Hall, speaker: Open, monkeypatch: pytest.MonkeyPatch, silent: dict[str, object]
) -> None:
    monkeypatch.setenv("PATH", "")  # whatever were started would be an error
    voice = speaker(**silent)
    voice.speak(INVITATION, CHINESE, "zh_CN")
    voice.rehearse("zh_CN")
    assert voice.wait(LONG_S)
    assert not hall.played.exists()
    assert voice.state() == VoiceState(ok=True, errors=0)


def test_quiet_hours_end_by_the_clock(hall: Hall, speaker: Open) -> None:
    night = [datetime(2026, 3, 4, 6, 59, tzinfo=CHINA_TIME)]
    voice = speaker(now=lambda: night[0], quiet_hours=("21:00-07:00",))
    voice.speak(INVITATION, CHINESE, "zh_CN")
    assert voice.wait(LONG_S)
    assert not hall.played.exists()
    night[0] = datetime(2026, 3, 4, 7, 0, tzinfo=CHINA_TIME)
    voice.speak(INVITATION, CHINESE, "zh_CN")
    assert voice.wait(LONG_S)
    assert hall.loudness() > 5_000


def read_some(pipe: int) -> array[int]:
    """Whatever is played next; waits until something is."""
    ready, _, _ = select.select([pipe], [], [], LONG_S)
    assert ready, "nothing was played"
    return array("h", os.read(pipe, 4096))


def test_a_second_prompt_cuts_off_the_first(hall: Hall, speaker: Open) -> None:
    """The first plays into a pipe nobody empties, so it would last for ever."""
    first, second = array("h", [1_000]) * 800_000, array("h", [2_000]) * 16_000
    hall.record("zh_CN", "invitation", first)
    hall.record("zh_CN", "thanks", second)
    voice = speaker(device="pipe")
    pipe = os.open(hall.pipe, os.O_RDWR)  # for writing too: it does not end when a player does
    try:
        voice.speak(INVITATION, "", "zh_CN")
        heard = read_some(pipe)
        voice.speak(THANKS, "", "zh_CN")
        while heard.count(2_000) < len(second):
            heard += read_some(pipe)
    finally:
        os.close(pipe)
    assert voice.wait(LONG_S)
    assert set(heard) == {1_000, 2_000}
    assert heard.count(1_000) < len(first)
    assert list(heard) == sorted(heard), "the first went on after the second began"
    assert voice.state() == VoiceState(ok=True, errors=0)


@pytest.mark.parametrize("end", ["hush", "stop", "set_volume"])
def test_what_is_being_spoken_can_be_silenced(hall: Hall, speaker: Open, end: str) -> None:
    hall.record("zh_CN", "invitation", array("h", [1_000]) * 800_000)
    voice = speaker(device="pipe")
    pipe = os.open(hall.pipe, os.O_RDWR)
    try:
        voice.rehearse("zh_CN")
        read_some(pipe)
        getattr(voice, end)(*[0] * (end == "set_volume"))
        assert voice.wait(LONG_S)
    finally:
        os.close(pipe)


def test_whoever_was_stopped_says_no_more_and_may_be_stopped_again(hall: Hall, speaker: Open) -> None:
    voice = speaker()
    voice.stop()
    voice.speak(INVITATION, CHINESE, "zh_CN")
    voice.hush()
    voice.stop()
    assert voice.wait(LONG_S)
    assert not hall.played.exists()
    assert not [each for each in threading.enumerate() if each.name == "voice"]


def test_every_sound_is_rehearsed_in_turn(hall: Hall, speaker: Open) -> None:
    names = [each.name for each in every_prompt()]
    for number, name in enumerate(names, start=1):
        hall.record("zh_CN", name, array("h", [number]) * 100)
    voice = speaker(device="pipe")
    pipe = os.open(hall.pipe, os.O_RDWR)
    heard = array("h")
    try:
        voice.rehearse("zh_CN")
        while heard.count(len(names)) < 100:
            heard += read_some(pipe)
    finally:
        os.close(pipe)
    heard = array("h", [each for each in heard if each])  # a player fills up with silence
    assert list(heard) == [number for number in range(1, len(names) + 1) for _ in range(100)]


def test_a_sentence_is_made_once_and_an_unknown_one_every_time(
    hall: Hall, speaker: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    voice = speaker()
    voice.speak(THANKS, "Thanks", "en")
    assert voice.wait(LONG_S)
    only_aplay = tmp_path / "bin"
    only_aplay.mkdir()
    (only_aplay / "aplay").symlink_to("/usr/bin/aplay")
    monkeypatch.setenv("PATH", str(only_aplay))
    hall.played.unlink()
    voice.speak(THANKS, "Thanks", "en")
    assert voice.wait(LONG_S)
    assert hall.loudness() > 5_000
    voice.speak(None, "Anything", "en")
    assert voice.wait(LONG_S)
    assert "espeak-ng: cannot be started" in voice.state().last_error


@pytest.mark.parametrize(
    ("device", "path", "error"),
    [
        ("none", None, "aplay: .*audio open error"),
        ("hall", "", "espeak-ng: cannot be started"),
    ],
)
def test_what_is_missing_is_logged_once_counted_and_never_raised(
    speaker: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    device: str, path: str | None, error: str,
) -> None:  # fmt: skip
    if path is not None:
        monkeypatch.setenv("PATH", path)
    voice = speaker(device=device)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            voice.speak(INVITATION, CHINESE, "zh_CN")
            assert voice.wait(LONG_S)
    assert len(caplog.records) == 1
    assert voice.state().errors == 3
    assert not voice.state().ok
    assert re.search(error, voice.state().last_error)
    assert CHINESE not in caplog.text


BROKEN = {
    "empty": b"",
    "text": b"this is no sound",
    "eight bits": wav_of(STEADY, width=1),
    "no samples": wav_of(array("h")),
    "cut short": wav_of(STEADY)[:30],
    "a chunk's length that lies": wav_of(array("h", [5]) * 400).replace(b"fmt \x10", b"fmt \xff"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_recording_is_named_and_the_sentence_spoken_all_the_same(
    hall: Hall, speaker: Open, broken: str
) -> None:
    file = hall.record("zh_CN", "invitation", STEADY)
    file.write_bytes(BROKEN[broken])
    voice = speaker()
    voice.speak(INVITATION, CHINESE, "zh_CN")
    assert voice.wait(LONG_S)
    assert hall.loudness() > 5_000
    state = voice.state()
    assert (state.ok, state.errors) == (False, 1)
    assert state.last_error.startswith(f"{file}: found ")
    assert "needed" in state.last_error


def test_all_is_well_again_once_it_is(hall: Hall, speaker: Open) -> None:
    file = hall.record("zh_CN", "invitation", STEADY)
    file.write_bytes(b"")
    voice = speaker()
    for _ in range(2):
        voice.speak(INVITATION, CHINESE, "zh_CN")
        assert voice.wait(LONG_S)
        was, file = voice.state(), hall.record("zh_CN", "invitation", STEADY)
    assert (was.ok, was.errors) == (True, 1)


def test_of_many_orders_from_many_threads_the_last_is_heard(hall: Hall, speaker: Open) -> None:
    for number in range(1, 6):
        hall.record("zh_CN", f"reasons-{number}", array("h", [number]) * 4_000)
    voice = speaker()
    prompts = [
        each for each in every_prompt() if each.name in {f"reasons-{number}" for number in range(1, 6)}
    ]

    def order() -> None:
        for each in prompts * 20:
            voice.speak(each, "", "zh_CN")

    threads = [threading.Thread(target=order) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    last = prompts[-1]
    voice.speak(last, "", "zh_CN")
    assert voice.wait(LONG_S)
    assert set(hall.samples()) - {0} == {int(last.name.removeprefix("reasons-"))}
    assert voice.state() == VoiceState(ok=True, errors=0)
