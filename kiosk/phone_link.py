"""The links behind the QR codes, and their modules, made before the screen that shows them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pad import phone
from pad.model import Matter
from pad.phone import MatterTicket, WindowTicket

_AFTER_S: Final = 3600
"""A phone may still rate so long after the pad's own time is over."""

Modules = tuple[tuple[bool, ...], ...]


@lru_cache(maxsize=8)
def modules(text: str) -> Modules:
    """A QR code's modules, row by row, true for dark; takes some 10 ms, and the first one its library too."""
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(bool(each) for each in row) for row in code.modules)


class PhoneLinks:
    """Makes links; empty ones where the pad has no page or no key for it."""

    def __init__(self, url: str, key: bytes | None, device_id: str, win_no: str) -> None:
        self._url = url
        self._key = key
        self._device_id = device_id
        self._win_no = win_no

    def of_visit(self, visit_id: str, matter: Matter, now_s: float, timeout_s: float) -> str:
        """The link that rates this visit's matter; not for the UI thread."""
        if self._key is None or not self._url:
            return ""
        ticket = MatterTicket(
            device_id=self._device_id,
            visit_id=visit_id,
            project_no=matter.project_no or "",
            service_number=matter.service_number,
            assess_number=matter.assess_number,
            win_no=matter.win_no or self._win_no,
            expires=int(now_s + timeout_s + _AFTER_S),
        )
        return self._made(ticket)

    def of_window(self) -> str:
        """The link that hangs at the window; not for the UI thread."""
        if self._key is None or not self._url:
            return ""
        return self._made(WindowTicket(self._device_id, self._win_no))

    def _made(self, ticket: phone.Ticket) -> str:
        if self._key is None:
            return ""
        made = phone.link(self._url, phone.make_token(self._key, ticket))
        modules(made)  # so that the screen finds them ready
        return made
