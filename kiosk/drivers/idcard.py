"""The ID-card reader (GA 450 family): find, select, read; name and number alone leave this file. Pure.

Frame ``AA AA AA 96 69 | LEN | CMD PARA DATA | CHK``: LEN counts CMD to CHK, CHK is the XOR of everything
after the preamble but itself (domain §5). The photo and the rest of the card are dropped unread.

A reader is asked for cards all the time, so that a dead one shows; but a card is selected and read only
while somebody is asked for it (:attr:`IdCard.wanted`). A card that lies there already when that begins
may be another person's, so it has to be lifted first.
"""

from __future__ import annotations

import unicodedata
from enum import Enum
from typing import Final

from kiosk.drivers.codec import Heard
from kiosk.drivers.frames import Frames, Shape, Xor, frame
from kiosk.events import CardFailed, CardRead, CardTrouble

POLL_MIN_S: Final = 0.3
"""A reader is asked for a card no more often."""
AT_REST: Final = 5
"""While nobody is asked for a card, only every so many polls look for one."""
PATIENCE: Final = 6
"""Reading a card takes a second or so; a reader that says nothing for so many polls is given up."""
PATIENCE_MAX: Final = 20
"""So is an answer that has not come by then, though something is said."""
TEXT_BYTES: Final = 256
_LONGEST: Final = 2048
"""A card that was read has LEN 0x0508; nothing a reader tells is longer."""
SHAPE: Final = Shape(b"\xaa\xaa\xaa\x96\x69", _LONGEST, Xor(), counts_check=True, checks_length=True)


class Request(Enum):
    """What a reader can be asked: CMD and PARA."""

    FIND = b"\x20\x01"
    SELECT = b"\x20\x02"
    READ = b"\x30\x01"


_DONE: Final = 0x90
_TROUBLE: Final = {
    0x10: CardTrouble.CHECKSUM,
    0x11: CardTrouble.LENGTH,
    0x21: CardTrouble.COMMAND,
    0x40: CardTrouble.WRONG_CARD,
    0x41: CardTrouble.READ_FAILED,
    0x80: CardTrouble.FIND_FAILED,
    0x81: CardTrouble.SELECT_FAILED,
}
"""SW3."""

CardEvent = CardRead | CardFailed


class IdCard:
    """One reader; the person who is asked for a card is told what it says, or what is wrong."""

    def __init__(self, poll_s: float = POLL_MIN_S) -> None:
        self.poll_s: float | None = poll_s
        self._wanted = False
        self._frames = Frames(SHAPE)
        self.reset()

    @property
    def wanted(self) -> bool:
        """Whether somebody is asked for a card now; set from outside, from any thread."""
        return self._wanted

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        if wanted and not self._wanted:
            # another person may be asked now, also where no poll or answer came in between
            self._may_lie_there = True
        self._wanted = wanted

    @property
    def answers(self) -> bool:
        """Whether the last question was answered in time."""
        return not self._is_silent

    def reset(self) -> None:
        """The line was opened anew: begin from the beginning."""
        self._frames.reset()
        self._asked: Request | None = None
        self._polls = self._quiet_polls = 0
        self._is_silent = False
        self._may_lie_there = True
        self._must_lift = False

    def poll(self) -> Heard[CardEvent]:
        """What to ask now; nothing while an answer is awaited, or too little time has passed."""
        self._polls += 1
        self._quiet_polls += 1
        if self._asked is not None:
            waits = self._quiet_polls < PATIENCE and self._polls < PATIENCE_MAX
            return Heard() if waits else self._give_up()
        if not self.wanted and self._polls < AT_REST:
            return Heard()
        return Heard(send=self._ask(Request.FIND))

    def feed(self, data: bytes, at_ns: int) -> Heard[CardEvent]:
        """What the reader told, and what to ask next; silence while no card is there."""
        self._quiet_polls = 0
        before = self._frames.errors
        events: list[CardEvent] = []
        send, errors = b"", 0
        for contents in self._frames.feed(data):
            heard = self._answered(contents)
            events += heard.events
            send += heard.send
            errors += heard.errors
        return Heard(tuple(events), send, errors + self._frames.errors - before)

    # --- parts --------------------------------------------------------------------------

    def _ask(self, request: Request) -> bytes:
        self._asked, self._polls, self._quiet_polls = request, 0, 0
        return frame(SHAPE, request.value)

    def _give_up(self) -> Heard[CardEvent]:
        """No answer: the next question begins anew."""
        first = not self._is_silent
        interrupted = self._asked is not Request.FIND
        self._is_silent = True
        self._must_lift = self._must_lift or interrupted
        is_theirs = self.wanted and not self._may_lie_there
        trouble = (CardFailed(CardTrouble.NO_ANSWER),) if interrupted and is_theirs else ()
        return Heard(trouble, self._ask(Request.FIND), int(first or interrupted))

    def _answered(self, contents: bytes) -> Heard[CardEvent]:
        asked = self._asked
        if asked is None or len(contents) < 3:
            return Heard(errors=1)
        status, data = contents[2], contents[3:]
        if status == _DONE and (asked is Request.FIND or (asked is Request.READ and not data)):
            return Heard()  # the answer to the question before, come late
        self._asked, self._is_silent = None, False
        if asked is Request.READ:
            self._frames.reset()  # a beginning of a frame in noise would hold the card on
        if asked is not Request.FIND and (self._may_lie_there or not self.wanted):
            return Heard()  # the person has gone on meanwhile, perhaps the next is asked already
        match asked, status:
            case Request.FIND, 0x9F:
                return self._found()
            case Request.SELECT, 0x90:
                return Heard(send=self._ask(Request.READ))
            case Request.READ, 0x90:
                self._must_lift = True
                event = card_of(data)
                return Heard((event,), errors=int(isinstance(event, CardFailed)))
            case Request.FIND, 0x80:  # no card there
                self._must_lift = self._may_lie_there = False
                return Heard()
        return self._failed(_TROUBLE.get(status, CardTrouble.UNKNOWN))

    def _found(self) -> Heard[CardEvent]:
        if not self.wanted:
            self._must_lift = True
        elif self._may_lie_there:
            self._may_lie_there, self._must_lift = False, True
            return Heard((CardFailed(CardTrouble.LIFT_FIRST),))
        return Heard() if self._must_lift else Heard(send=self._ask(Request.SELECT))

    def _failed(self, trouble: CardTrouble) -> Heard[CardEvent]:
        """After an error the card has to be lifted, else it would fail again and again."""
        self._must_lift = True
        return Heard((CardFailed(trouble),) if self.wanted else (), errors=1)


def card_of(data: bytes) -> CardEvent:
    """Name and number out of what a reader read; what comes behind the text is not looked at.

    ``data`` begins with the lengths of text and photo, 2 bytes each. Text: name 30 bytes, sex 2,
    nation 4, birth 16, address 70, number 36, and more, in UTF-16LE (domain §5).
    """
    if len(data) < 4 + TEXT_BYTES or int.from_bytes(data[:2], "big") != TEXT_BYTES:
        return CardFailed(CardTrouble.DAMAGED_TEXT)
    text = data[4 : 4 + TEXT_BYTES]
    try:
        name = text[:30].decode("utf-16-le").strip(" \x00\u3000")
        number = text[122:158].decode("utf-16-le").strip(" \x00").upper()
    except UnicodeDecodeError:
        return CardFailed(CardTrouble.DAMAGED_TEXT)
    # a rare character may be one of the cards' own, or younger than Python's tables
    if not name or any(unicodedata.category(each) == "Cc" for each in name):
        return CardFailed(CardTrouble.DAMAGED_TEXT)
    return CardRead(name, number) if is_number(number) else CardFailed(CardTrouble.WRONG_NUMBER)


_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"


def is_number(number: str) -> bool:
    """Whether this is a citizen's number: 18 characters with the right check digit (GB 11643)."""
    if len(number) != 18 or not (number[:17].isascii() and number[:17].isdigit()):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return _CHECK_DIGITS[total % 11] == number[17]
