"""A real window under its own X server: what fingers and keys do is posted, and nothing else."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sandbox.hall.glass import VirtualDisplay

pytestmark = pytest.mark.window

WITHIN_S = 60.0
WIDTH, HEIGHT = 1024, 600
OF_A_VISIT = ("invitation", "reasons", "comment", "identity")
_visits = count(1)


class PadOnGlass:
    """The pad's window in a process of its own, and a pointer and a keyboard before it."""

    def __init__(self, display: str, log: Path) -> None:
        self._environment = {**os.environ, "DISPLAY": display, "PYTHONUNBUFFERED": "1"}
        self._lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.shown: dict[str, Any] = {}
        self.tidied = threading.Event()
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.kiosk.ui.pad_on_glass", str(WIDTH), str(HEIGHT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=self._environment,
                text=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "tidied" in told:
                self.tidied.set()
            else:
                self._lines.put(told)

    def close(self) -> int:
        """End the program by ending its input; its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            code = self._process.wait(WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        return code

    def show(self, name: str, visit: str = "-", comment: str = "") -> None:
        """Have a view shown, and wait until it is on the glass."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name} {visit} {comment}\n")
        self._process.stdin.flush()
        screen, _, level = name.partition("-")
        self.until(
            lambda line: (
                line.get("screen") == screen
                and (screen not in OF_A_VISIT or line["visit"] == visit)
                and (not level or line["level"] == int(level))
            )
        )

    def until(self, wanted: Any) -> list[dict[str, Any]]:
        """What was posted until a line that is wanted came, that one included."""
        posted = []
        while True:
            line = self._lines.get(timeout=WITHIN_S)
            if "screen" in line:
                self.shown = line
            else:
                posted.append(line)
            if wanted(line):
                return posted

    def fingers(self, what: str, *places: tuple[int, int]) -> None:
        """Put fingers down, or lift them, on a panel that feels several."""
        assert self._process.stdin is not None
        for number, (x, y) in enumerate(places):
            self._process.stdin.write(f"@{what} {number} {x} {y}\n")
        self._process.stdin.flush()

    def until_lifted(self) -> list[dict[str, Any]]:
        """What was posted besides the touch itself, until the finger had left and a touch after it.

        The second touch, on nothing, proves that what the first one led to has all been posted.
        """
        posted = self.until(lambda line: line.get("posted") == "TouchUp")
        self.pointer("mousemove", WIDTH - 2, HEIGHT - 2, "click", 1)
        posted += self.until(lambda line: line.get("posted") == "TouchUp")
        return [each for each in posted if each["posted"] not in ("TouchDown", "TouchUp")]

    def tap(self, target: str) -> list[dict[str, Any]]:
        """Tap a target; what was posted."""
        self.pointer("mousemove", *self.middle(target), "click", 1)
        return self.until_lifted()

    def press(self, target: str) -> None:
        """Put the finger down on a target, and wait until the pad has felt it."""
        self.pointer("mousemove", *self.middle(target), "mousedown", 1)
        self.until(lambda line: line.get("posted") == "TouchDown")

    def middle(self, target: str) -> tuple[int, int]:
        """Where to touch a target."""
        left, top, width, height = self.shown["targets"][target]
        return left + width // 2, top + height // 2

    def pointer(self, *words: str | int) -> None:
        """Move, press, release, type."""
        subprocess.run(["xdotool", *map(str, words)], env=self._environment, check=True)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PadOnGlass]:
    folder = tmp_path_factory.mktemp("glass")
    with VirtualDisplay(folder / "xvfb.log", WIDTH, HEIGHT) as server:
        pad = PadOnGlass(server.name, folder / "pad.log")
        pad.until(lambda line: line.get("screen") == "idle")
        yield pad
        assert pad.close() == 0, (folder / "pad.log").read_text()


@pytest.fixture
def pad(running: PadOnGlass) -> PadOnGlass:
    """The pad as the next person finds it."""
    running.show("starting")
    running.show("idle")
    return running


def visit() -> str:
    return f"visit-{next(_visits)}"


@pytest.mark.parametrize("level", [5, 4, 3, 2, 1])
def test_a_face_posts_its_level_for_the_visit_it_belongs_to(pad: PadOnGlass, level: int) -> None:
    this = visit()
    pad.show("invitation", this)
    assert pad.tap(f"face-{level}") == [
        {"posted": "Tap", "level": level, "input_device": "touch", "visit_id": this}
    ]


def test_a_touch_anywhere_is_told(pad: PadOnGlass) -> None:
    pad.pointer("mousemove", WIDTH // 2, HEIGHT - 3, "mousedown", 1)
    assert [each["posted"] for each in pad.until(lambda line: "posted" in line)] == ["TouchDown"]
    pad.pointer("mouseup", 1)
    assert [each["posted"] for each in pad.until(lambda line: "posted" in line)] == ["TouchUp"]


def test_a_finger_that_slides_off_a_face_has_not_tapped_it(pad: PadOnGlass) -> None:
    pad.show("invitation", visit())
    pad.press("face-1")
    pad.pointer("mousemove", *pad.middle("face-5"), "mouseup", 1)
    assert pad.until_lifted() == []


def test_a_finger_meant_for_one_visit_never_rates_the_next(pad: PadOnGlass) -> None:
    first, second = visit(), visit()
    pad.show("invitation", first)
    pad.press("face-1")
    pad.show("invitation", second)
    pad.pointer("mouseup", 1)
    assert [each for each in pad.until_lifted() if each.get("visit_id") == second] == []


def test_two_faces_pressed_at_once_are_none(pad: PadOnGlass) -> None:
    pad.show("invitation", visit())
    places = pad.middle("face-5"), pad.middle("face-1")
    pad.fingers("down", *places)
    pad.fingers("up", *places)
    assert pad.until_lifted() == []


def test_a_palm_rates_nothing_and_the_finger_after_it_does(pad: PadOnGlass) -> None:
    this = visit()
    pad.show("invitation", this)
    left, top, width, height = pad.shown["targets"]["face-3"]
    palm = [(left + width * x // 4, top + height * y // 3) for x in (-1, 1, 3, 5) for y in (1, 2)]
    pad.fingers("down", *palm)
    pad.fingers("up", *palm)
    assert pad.until_lifted() == []
    assert [each["level"] for each in pad.tap("face-3")] == [3]


def test_a_finger_that_rests_beside_the_faces_keeps_nobody_from_rating(pad: PadOnGlass) -> None:
    pad.show("invitation", visit())
    beside = (WIDTH - 3, HEIGHT - 3)
    pad.fingers("down", beside, pad.middle("face-4"))
    pad.fingers("up", beside, pad.middle("face-4"))
    assert [each["level"] for each in pad.until_lifted()] == [4]


def test_two_opposite_corners_held_are_the_technicians_sign(pad: PadOnGlass) -> None:
    corners = (3, 3), (WIDTH - 3, HEIGHT - 3)
    pad.fingers("down", *corners)
    posted = pad.until(lambda line: line.get("posted") == "HoldCorners")
    assert [each["posted"] for each in posted] == ["TouchDown", "HoldCorners"]
    pad.fingers("up", *corners)
    assert pad.until_lifted() == []


def test_neighbouring_corners_or_one_let_go_are_not(pad: PadOnGlass) -> None:
    one, neighbour, opposite = (3, 3), (WIDTH - 3, 3), (WIDTH - 3, HEIGHT - 3)
    pad.fingers("down", one, neighbour)
    pad.fingers("up", one, neighbour)
    pad.fingers("down", one, opposite)
    pad.fingers("up", one, opposite)
    assert pad.until_lifted() == []


def test_a_reason_is_ticked(pad: PadOnGlass) -> None:
    pad.show("reasons-2", visit())
    assert pad.tap("indicator-207") == [{"posted": "ToggleIndicator", "code": "207"}]


def test_more_reasons_are_one_tap_away(pad: PadOnGlass) -> None:
    pad.show("reasons-2", visit())
    assert len([name for name in pad.shown["targets"] if name.startswith("indicator-")]) == 3
    pad.pointer("mousemove", *pad.middle("more"), "click", 1)
    pad.until(lambda line: "indicator-214" in line.get("targets", {}))
    assert len([name for name in pad.shown["targets"] if name.startswith("indicator-")]) == 8
    assert pad.tap("indicator-214") == [{"posted": "ToggleIndicator", "code": "214"}]


@pytest.mark.parametrize(
    ("page", "target", "posted"),
    [
        ("reasons-5", "submit", "Submit"),
        ("reasons-1", "decline", "DeclineReason"),
        ("reasons-1", "withdraw", "Withdraw"),
        ("invitation", "withdraw", "Withdraw"),
    ],
)
def test_a_button_posts_what_it_says(pad: PadOnGlass, page: str, target: str, posted: str) -> None:
    pad.show(page, visit())
    assert target in pad.shown["enabled"]
    assert pad.tap(target) == [{"posted": posted}]


def test_submit_is_silent_while_it_waits_for_a_reason(pad: PadOnGlass) -> None:
    pad.show("reasons-1", visit())
    assert "submit" not in pad.shown["enabled"]
    assert pad.tap("submit") == []


def test_another_face_on_the_reasons_page_is_a_change_of_mind(pad: PadOnGlass) -> None:
    this = visit()
    pad.show("reasons-2", this)
    assert pad.tap("face-4") == [{"posted": "Tap", "level": 4, "input_device": "touch", "visit_id": this}]


def write(pad: PadOnGlass, letters: str) -> list[str]:
    """Press letters on the pad's own keyboard; each text that was posted."""
    texts = []
    for letter in letters:
        texts += [each["text"] for each in pad.tap("space" if letter == " " else f"key-{letter}")]
    return texts


def test_a_comment_is_typed_letter_by_letter(pad: PadOnGlass) -> None:
    pad.show("comment-3", visit())
    assert pad.tap("script") == []
    assert write(pad, "so kind") == ["s", "so", "so ", "so k", "so ki", "so kin", "so kind"]
    assert pad.tap("erase") == [{"posted": "WriteComment", "text": "so kin"}]
    assert pad.tap("done") == [{"posted": "TurnTo", "page": "reasons"}]


def test_pinyin_becomes_the_characters_that_are_offered(pad: PadOnGlass) -> None:
    pad.show("comment-3", visit())
    assert write(pad, "fuwu") == [], "letters are no comment yet"
    pad.until(lambda line: "offer-0" in line.get("targets", {})) if "offer-0" not in pad.shown[
        "targets"
    ] else None
    assert pad.tap("offer-0") == [{"posted": "WriteComment", "text": "服务"}]


def test_a_comment_ends_at_a_hundred_and_fifty_characters(pad: PadOnGlass) -> None:
    pad.show("comment-3", visit(), "字" * 148)
    pad.tap("script")
    assert [len(text) for text in write(pad, "abc")] == [149, 150]


def test_what_one_person_wrote_is_not_there_for_the_next(pad: PadOnGlass) -> None:
    pad.show("comment-3", visit())
    write(pad, "fuwu")
    pad.show("comment-3", visit())
    assert pad.shown["letters"] == 0
    assert not [name for name in pad.shown["targets"] if name.startswith("offer-")]


def test_a_keyboard_plugged_in_writes_nothing(pad: PadOnGlass) -> None:
    pad.show("comment-3", visit())
    pad.pointer("type", "--delay", 5, "abc")
    pad.pointer("key", "Escape", "F1", "BackSpace", "Return")
    pad.pointer("mousemove", WIDTH // 2, 3, "click", 1)
    assert pad.until_lifted() == []


@pytest.mark.parametrize(("key", "level"), [("5", 5), ("4", 4), ("3", 3), ("2", 2), ("1", 1)])
def test_each_of_five_keys_is_its_level(pad: PadOnGlass, key: str, level: int) -> None:
    pad.show("invitation", visit())
    pad.pointer("key", key)
    assert pad.until(lambda line: line.get("posted") == "Key") == [{"posted": "Key", "level": level}]


@pytest.mark.parametrize("mode", ["big", "low"])
def test_a_mode_is_there_at_once_and_gone_for_the_next_person(pad: PadOnGlass, mode: str) -> None:
    pad.show("invitation", visit())
    before = pad.shown["targets"]["face-5"]
    pad.pointer("mousemove", *pad.middle(mode), "click", 1)
    pad.until(lambda line: line.get(mode) is True)
    assert "face-5" in pad.shown["enabled"]
    assert pad.shown["targets"]["face-5"] != before or mode == "low"
    pad.show("thanks")
    assert pad.shown[mode] is True
    pad.show("idle")
    assert pad.shown[mode] is False


def test_the_other_language_is_there_at_once_and_gone_for_the_next_person(pad: PadOnGlass) -> None:
    pad.show("invitation", visit())
    assert pad.shown["language"] == "zh_CN"
    pad.pointer("mousemove", *pad.middle("language"), "click", 1)
    pad.until(lambda line: line.get("language") == "en")
    assert "face-5" in pad.shown["enabled"]
    pad.show("thanks")
    assert pad.shown["language"] == "en", "the same person is thanked in the language chosen"
    pad.show("idle")
    assert pad.shown["language"] == "zh_CN"


def test_what_is_told_to_be_touchable_is_on_the_glass(pad: PadOnGlass) -> None:
    for name in ("invitation", "reasons-1", "reasons-5"):
        pad.show(name, visit())
        assert pad.shown["size"] == [WIDTH, HEIGHT]
        for target in pad.shown["enabled"]:
            left, top, width, height = pad.shown["targets"][target]
            assert left >= 0
            assert top >= 0
            assert left + width <= WIDTH
            assert top + height <= HEIGHT


def test_a_clerks_system_that_invites_without_a_pause_does_not_fill_the_memory(pad: PadOnGlass) -> None:
    """Garbage is collected on screens that nobody touches; here is none, and it is collected all the same."""
    pad.show("invitation", visit())
    pad.tidied.clear()
    for _ in range(26):
        pad.show("invitation", visit())
    assert pad.tidied.wait(WITHIN_S)


def test_what_others_leave_while_the_same_screen_stands_is_collected_now_and_then(pad: PadOnGlass) -> None:
    for _ in range(2):
        pad.tidied.clear()
        assert pad.tidied.wait(WITHIN_S)
