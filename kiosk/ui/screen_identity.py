"""The identity page: a phone number or the own ID card, for whoever wants to; and the technician's PIN."""

from __future__ import annotations

from functools import partial

from kiosk.events import (
    CardTrouble,
    EnterPin,
    EraseDigits,
    ForgetIdentity,
    GivePhone,
    LeaveTechnician,
    Page,
    PressDigit,
    TurnTo,
)
from kiosk.ui import theme
from kiosk.ui.layout.typing import NumberLayout, number_page
from kiosk.ui.parts import Card, PlainButton, Style, Weight
from kiosk.ui.screen import Screen
from kiosk.view import Identity, PinState, View

_ERASE, _CLEAR = "<", "c"


class _NumberScreen(Screen):
    """A number pad beside words."""

    def put_number_pad(self, boxes: NumberLayout) -> None:
        """The keys, and above them what was typed."""
        say = self.setting.words.say
        self.put(Card(self.form, boxes.shown))
        self._shown = self.write("", boxes.shown, theme.LARGE, Style(bold=True))
        for key, box in boxes.digits.items():
            if key == _ERASE:
                self.button("erase", say("Erase"), box, partial(self.setting.post, EraseDigits()))
            elif key == _CLEAR:
                everything = partial(self.setting.post, EraseDigits(everything=True))
                self.button("clear", say("Clear"), box, everything)
            else:
                press = partial(self.setting.post, PressDigit(key))
                digit = PlainButton(self.form, key, box, theme.TITLE, press, Weight.QUIET)
                self.put(digit, f"digit-{key}", key)


class IdentityScreen(_NumberScreen):
    """Who rates, if they want to say."""

    def build(self, view: View) -> None:
        """Say what it is for, and offer both ways and the way back."""
        say, form = self.setting.words.say, self.form
        boxes = number_page(form, 3)
        left = Style(align="left", colour=theme.QUIET_INK)
        self.write(say("Leave your name or number"), boxes.title, theme.TITLE, Style(bold=True, align="left"))
        self._why = self.write("", boxes.text, theme.NORMAL, left)
        self._given = self.write("", boxes.given, theme.NORMAL, Style(bold=True, align="left"))
        back, forget, give = boxes.actions
        self.button("give", say("Keep"), give, partial(self.setting.post, GivePhone()), strong=True)
        self.put_number_pad(boxes)
        self.button("forget", say("Forget it"), forget, partial(self.setting.post, ForgetIdentity()))
        self.button("back", say("Skip"), back, partial(self.setting.post, TurnTo(Page.REASONS)))
        self.put_ring(boxes.ring)

    def follow(self, view: View) -> None:
        """Show what is typed, masked, and what was given."""
        identity = view.identity or Identity()
        say = self.setting.words.say
        self._shown.show(identity.phone)
        why = say("Only so that you can be called back about this rating. It is optional and kept secret.")
        card = say("Type a number, or put your ID card on the reader.")
        self._why.show(f"{why}\n{card}" if identity.reader else why)
        given = say("Given: {given}", given=identity.given) if identity.given else ""
        self._given.show(given if identity.card_trouble is None else self._about_card(identity.card_trouble))
        self.enable("give", identity.phone_is_whole)
        self.enable("forget", bool(identity.given))
        self.show_time_left(view)

    def _about_card(self, trouble: CardTrouble) -> str:
        say = self.setting.words.say
        match trouble:
            case CardTrouble.LIFT_FIRST:
                return say("A card lies on the reader already. Lift it, then put yours on.")
            case CardTrouble.WRONG_CARD:
                return say("This card cannot be read here.")
            case CardTrouble.NO_ANSWER:
                return say("The reader does not answer. You may type a number instead.")
        return say("The card could not be read. Lift it and put it on again.")


class PinScreen(_NumberScreen):
    """Asks whoever held the corners for the technician's PIN."""

    def build(self, view: View) -> None:
        """Put the number pad in place."""
        say = self.setting.words.say
        boxes = number_page(self.form, 2)
        self.write(say("For the technician"), boxes.title, theme.TITLE, Style(bold=True, align="left"))
        self._said = self.write("", boxes.text, theme.NORMAL, Style(align="left", colour=theme.QUIET_INK))
        back, enter = boxes.actions
        self.button("enter", say("Enter"), enter, partial(self.setting.post, EnterPin()), strong=True)
        self.put_number_pad(boxes)
        self.button("back", say("Back"), back, partial(self.setting.post, LeaveTechnician()))

    def follow(self, view: View) -> None:
        """Show how many digits are typed, and what was wrong."""
        say = self.setting.words.say
        pin = view.pin or PinState()
        self._shown.show("●" * pin.typed)
        self.enable("enter", pin.typed > 0)
        if pin.unset:
            said = say("No PIN is set on this pad. Set one with: padctl pin")
        elif pin.locked_s > 0:
            said = say("Too many wrong PINs. Try again in {seconds} s.", seconds=round(pin.locked_s))
        elif pin.wrong:
            said = say("This is not the PIN.")
        else:
            said = say("Please enter the PIN.")
        self._said.show(said)
