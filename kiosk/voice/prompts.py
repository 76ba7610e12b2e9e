"""Which sentence is due when the screen goes from one view to another: pure, and the same for every level.

A sentence is spoken when its step begins, not when something on the screen moves: rings run, reasons
are ticked and notices change in silence. The five levels share one sentence and differ in their own
word alone, so nothing that is said leans to any of them. No sentence has room for a person's data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from kiosk.ui.words import LEVELS
from kiosk.view import ScreenName, View
from pad.codes import Level

SENTENCES: Final = {
    "invitation": "Please rate this service: tap one of the five faces.",
    "reasons": (
        "You chose: {level}. Tap another face to change it. You may tap reasons, then submit. "
        "It is sent by itself after a while."
    ),
    "reasons-submitted-only": (
        "You chose: {level}. Tap another face to change it. You may tap reasons, then submit. "
        "Only what you submit is sent."
    ),
    "ask-reason": "Please tap a reason, or tap: Rather not say.",
    "comment": "You may write a few words here. When you are done, tap: Done.",
    "identity": "You may leave your name or number here. It is optional. To go on without, tap: Skip.",
    "thanks": "Thank you. Your rating has been recorded.",
    "withdrawn": "You took your rating back. Nothing has been recorded.",
    "already-rated": "This matter already has its rating. Thank you.",
    "rated-by-phone": "You have rated on your phone. Thank you.",
    "forestalled": "This matter was just rated on a phone. What was tapped here is not counted.",
    "paused": "Service at this window is paused. Please wait a moment, or use another window.",
    "closed": "This window is closed. Please use another window.",
    "cannot-store": "Ratings cannot be taken here now. Please rate by phone or at the service desk.",
}
"""Every sentence in English, which is its message id; a recording has the sentence's name."""

_OF_SCREEN: Final = {
    ScreenName.INVITATION: "invitation",
    ScreenName.COMMENT: "comment",
    ScreenName.IDENTITY: "identity",
    ScreenName.THANKS: "thanks",
    ScreenName.WITHDRAWN: "withdrawn",
    ScreenName.ALREADY_RATED: "already-rated",
    ScreenName.RATED_BY_PHONE: "rated-by-phone",
    ScreenName.FORESTALLED: "forestalled",
    ScreenName.PAUSED: "paused",
    ScreenName.CLOSED: "closed",
    ScreenName.CANNOT_STORE: "cannot-store",
}
"""Screens that always say the same. Those not here, and not the reasons, are silent."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A sentence to speak: ``name`` is that of its recording, ``text`` and ``parts`` are message ids."""

    name: str
    text: str
    parts: tuple[tuple[str, str], ...] = ()


class Say(Protocol):
    """Puts a message into the language shown, as :meth:`kiosk.ui.words.Catalogues.say` does."""

    def __call__(self, message: str, **parts: object) -> str:
        """A message with its parts filled in."""
        ...


def prompt_of(before: View, after: View) -> Prompt | None:
    """The sentence that is due when ``before`` gives way to ``after``."""
    if _step(before) != _step(after):
        return prompt_on(after)
    if _lost_its_reason(before, after):
        return Prompt("ask-reason", SENTENCES["ask-reason"])
    return None


def prompt_on(view: View) -> Prompt | None:
    """The sentence a view begins with, whatever was shown before: to say it again in another language."""
    if view.screen is ScreenName.REASONS:
        return _reasons(view)
    name = _OF_SCREEN.get(view.screen)
    return None if name is None else Prompt(name, SENTENCES[name])


def every_prompt() -> tuple[Prompt, ...]:
    """All there is to record or to try, in the order a person meets them."""
    prompts: list[Prompt] = []
    for name, text in SENTENCES.items():
        if "{level}" in text:
            prompts += (_of_level(name, level) for level in LEVELS)
        else:
            prompts.append(Prompt(name, text))
    return tuple(prompts)


def spoken(prompt: Prompt, say: Say) -> str:
    """A prompt's words in the language that ``say`` speaks."""
    return say(prompt.text, **{part: say(word) for part, word in prompt.parts})


def _step(view: View) -> tuple[ScreenName, str, Level | None]:
    """What a sentence belongs to: a new visit or another level is a new step on the same screen."""
    return view.screen, view.visit_id, view.level


def _reasons(view: View) -> Prompt | None:
    if view.level is None or not (view.can_submit or view.may_decline_reason):
        return None  # submitted already: the page stands for the moment the disk needs
    return _of_level("reasons" if view.sent_by_itself else "reasons-submitted-only", view.level)


def _of_level(sentence: str, level: Level) -> Prompt:
    name = sentence.replace("reasons", f"reasons-{level.value}")
    return Prompt(name, SENTENCES[sentence], (("level", LEVELS[level]),))


def _lost_its_reason(before: View, after: View) -> bool:
    """The pad begins to wait for a reason: the last one of a rating that needs one was taken off."""
    return after.screen is ScreenName.REASONS and after.may_decline_reason and not before.may_decline_reason
