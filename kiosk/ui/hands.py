"""Which fingers are on the glass: the first that comes, the last that leaves, the technician's sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.clock import Clock
from kivy.core.window import Window

from kiosk.events import Event, HoldCorners, TouchDown, TouchUp
from kiosk.ui import corners


class Hands:
    """Listens to the window, whatever stands under the fingers."""

    def __init__(self, post: Callable[[Event], None], all_lifted: Callable[[], None]) -> None:
        self._post = post
        self._all_lifted = all_lifted
        self._fingers: dict[Any, corners.Corner | None] = {}
        self._held = Clock.create_trigger(lambda _elapsed: post(HoldCorners()), corners.HOLD_S)
        Window.bind(on_touch_down=self._down, on_touch_move=self._moved, on_touch_up=self._up)

    def _down(self, _window: Any, touch: Any) -> bool:
        if touch.is_mouse_scrolling:
            return False
        if not self._fingers:
            self._post(TouchDown())
        self._put(touch)
        return False

    def _moved(self, _window: Any, touch: Any) -> bool:
        if touch.uid in self._fingers:
            self._put(touch)
        return False

    def _up(self, _window: Any, touch: Any) -> bool:
        if touch.uid in self._fingers:
            del self._fingers[touch.uid]
            self._watch_corners()
            if not self._fingers:
                self._post(TouchUp())
                self._all_lifted()
        return False

    def _put(self, touch: Any) -> None:
        self._fingers[touch.uid] = corners.corner_of(touch.x, touch.y, *Window.size)
        self._watch_corners()

    def _watch_corners(self) -> None:
        if corners.are_opposite(list(self._fingers.values())):
            self._held()
        else:
            self._held.cancel()
