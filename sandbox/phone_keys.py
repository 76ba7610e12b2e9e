"""The keys of the phone page's codes: what opens a token, and whose tokens a key may make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from pad.phone import Refusal, Ticket, TokenRefused, read_token

ANY_PAD: Final = ""
"""In a pad's place: the settings' key, which is every pad's that was not enrolled here."""

Keys = Callable[[], Iterator[tuple[str, bytes]]]


class PhoneKeys:
    """The settings' own key, and those that enrolled pads were given."""

    def __init__(self, own: str, enrolled: Keys) -> None:
        self._own = bytes.fromhex(own)
        self._enrolled = enrolled

    def ticket(self, token: str, now: datetime) -> Ticket:
        """What a token stands for.

        :raises TokenRefused: if it is malformed, expired, or made with no key of ours or another pad's
        """
        for device, key in self._all():
            try:
                ticket = read_token(key, token, now)
            except TokenRefused as error:
                if error.refusal is Refusal.FORGED:
                    continue
                raise
            if device in (ANY_PAD, ticket.device_id):
                return ticket
        raise TokenRefused(Refusal.FORGED)

    def _all(self) -> Iterator[tuple[str, bytes]]:
        if self._own:
            yield ANY_PAD, self._own
        yield from self._enrolled()
