"""The comment's page: a touch keyboard with Pinyin, Latin letters, digits and signs."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import Final

from kiosk.events import Page, TurnTo, WriteComment
from kiosk.typing.composing import Composing, Script
from kiosk.typing.pinyin import Candidate
from kiosk.ui import theme
from kiosk.ui.layout.box import Box
from kiosk.ui.layout.typing import keyboard
from kiosk.ui.parts import Card, PlainButton, Style, Weight, face_of
from kiosk.ui.screen import Screen
from kiosk.view import View
from pad import codes

_SIGNS: Final = "1234567890-/:()@%&#*+=?!'\""


class _Layer(Enum):
    """What the letter keys type."""

    PINYIN = "拼音"
    LATIN = "abc"
    SIGNS = "123"

    @property
    def following(self) -> _Layer:
        """The layer the key leads to."""
        layers = list(_Layer)
        return layers[(layers.index(self) + 1) % len(layers)]


class CommentScreen(Screen):
    """Writes the comment; what is not taken over into it yet is here alone, and goes with the screen."""

    def build(self, view: View) -> None:
        """Put text, offers and keys in place."""
        form, say = self.form, self.setting.words.say
        self._boxes = boxes = keyboard(form)
        chinese = self.setting.words.is_chinese
        self._layer = _Layer.PINYIN if chinese else _Layer.LATIN
        self._composing = Composing(text=view.comment, script=Script.PINYIN if chinese else Script.LATIN)
        self._found: tuple[Candidate, ...] = ()
        self._first = 0
        self.put(Card(form, boxes.text))
        inner = boxes.text.inset(2 * form.unit, 0.5 * form.unit)
        self._text = self.write("", inner, theme.NORMAL, Style(align="left"))
        self._hint = self.write(
            say("Anything you would like to say. Please no names or numbers of persons."),
            inner, theme.NORMAL, Style(align="left", colour=theme.QUIET_INK),
        )  # fmt: skip
        self._count = self.write("", boxes.count, theme.SMALL, Style(colour=theme.QUIET_INK))
        self.button("done", say("Done"), boxes.done, self._done, strong=True)
        self._letters = {
            letter: self._key(f"key-{letter}", "", box, partial(self._press_letter, at))
            for at, (letter, box) in enumerate(boxes.letters.items())
        }
        self._script = self._key("script", "", boxes.script, self._turn_script)
        self._key("comma", "，", boxes.comma, partial(self._press, ","))
        self._key("space", say("space"), boxes.space, self._space)
        self._key("stop", "。", boxes.stop, partial(self._press, "."))
        self._key("erase", say("Erase"), boxes.erase, self._erase)
        self._previous = self._key("previous", "<", boxes.previous, partial(self._turn_offers, -1))
        self._following = self._key("following", ">", boxes.following, partial(self._turn_offers, 1))
        self.put_ring(boxes.ring)
        self._label_keys()
        self._show()

    def follow(self, view: View) -> None:
        """Show the time left."""
        self.show_time_left(view)

    def leave(self) -> None:
        """What is written from now on is nobody's."""
        self._composing = Composing()
        self._found = ()
        self._text.show("")
        self.clear_widgets()

    @property
    def letters(self) -> int:
        """How many letters of Pinyin wait to become characters."""
        return len(self._composing.letters)

    # --- keys ---------------------------------------------------------------------------

    def _key(self, name: str, text: str, box: Box, release: object) -> PlainButton:
        key = PlainButton(self.form, text, box, theme.LARGE, release, Weight.QUIET)  # type: ignore[arg-type]
        self.put(key, name, text)
        return key

    def _press_letter(self, at: int) -> None:
        self._press(_SIGNS[at] if self._layer is _Layer.SIGNS else list(self._boxes.letters)[at])

    def _press(self, char: str) -> None:
        if self._layer is _Layer.SIGNS and char not in ",.":
            self._change(self._composing.insert(char))
        else:
            self._change(self._composing.press(char))

    def _space(self) -> None:
        if self._composing.letters and self._found:
            self._change(self._composing.take(self._found[0].text, self._found[0].letters))
        else:
            self._change(self._composing.space())

    def _erase(self) -> None:
        self._change(self._composing.backspace())

    def _turn_script(self) -> None:
        self._layer = self._layer.following
        script = Script.LATIN if self._layer is _Layer.LATIN else Script.PINYIN
        self._label_keys()
        self._change(self._composing.with_script(script))

    def _label_keys(self) -> None:
        for at, (letter, key) in enumerate(self._letters.items()):
            key.words.show(_SIGNS[at] if self._layer is _Layer.SIGNS else letter)
        self._script.words.show(self._layer.following.value)

    def _done(self) -> None:
        self._change(self._composing.flush())
        self.setting.post(TurnTo(Page.REASONS))

    # --- what is written, and what is offered ---------------------------------------------

    def _change(self, composing: Composing) -> None:
        before, self._composing = self._composing, composing
        if composing.text != before.text:
            self.setting.post(WriteComment(composing.text))
        if composing.letters != before.letters:
            self._found, self._first = (), 0
            if composing.letters and composing.script is Script.PINYIN:
                self.setting.offers.ask(composing.letters, self._heard)
        self._show()

    def _heard(self, letters: str, found: tuple[Candidate, ...]) -> None:
        if letters == self._composing.letters:
            self._found = found
            self._show()

    def _turn_offers(self, by: int) -> None:
        self._first = max(0, min(self._first + by * max(1, self._shown), len(self._found) - 1))
        self._show_offers()
        self.setting.rearranged()

    def _show(self) -> None:
        written = self._composing.text + self._composing.letters
        self._text.show(written)
        self._hint.opacity = 0 if written else 1
        self._count.show(f"{len(self._composing.text)}/{codes.COMMENT_ON_SCREEN_MAX}")
        self._show_offers()
        self.setting.rearranged()

    def _show_offers(self) -> None:
        for name in [name for name in self.targets if name.startswith("offer-")]:
            self.remove_widget(self.targets.pop(name).widget)
        form, room = self.form, self._boxes.offered
        left, self._shown = room.left, 0
        for at, candidate in enumerate(self._found[self._first :]):
            ems = sum(map(face_of(candidate.text).advance, candidate.text))
            width = max(form.tap, (ems * theme.LARGE * form.type_scale + 4) * form.unit)
            if left + width > room.right:
                break
            box = Box(left, room.top, width, room.height)
            self._key(f"offer-{at}", candidate.text, box, partial(self._take, candidate))
            left += width + form.unit
            self._shown += 1
        self.enable("previous", self._first > 0)
        self.enable("following", self._first + self._shown < len(self._found))

    def _take(self, candidate: Candidate) -> None:
        self._change(self._composing.take(candidate.text, candidate.letters))
