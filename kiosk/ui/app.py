"""The app: one window that renders the view it is given and posts what fingers do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import IO, Any, Final

from kivy.app import App
from kivy.clock import Clock
from kivy.core.text import LabelBase
from kivy.core.window import Window
from kivy.graphics import Color, Rectangle
from kivy.uix.floatlayout import FloatLayout

from kiosk.events import Event, TouchDown, TouchUp
from kiosk.ui import layout, theme, window
from kiosk.ui.narration import Narration
from kiosk.ui.parts import BOLD, REGULAR, PlainButton, Words, place
from kiosk.ui.screen import Screen, Setting
from kiosk.ui.screen_invitation import InvitationScreen
from kiosk.ui.screen_message import MESSAGES, MessageScreen
from kiosk.ui.screen_reasons import ReasonsScreen
from kiosk.ui.screen_resting import RestingScreen
from kiosk.ui.words import Catalogues
from kiosk.view import ScreenName, View
from pad import settings
from pad.model import CHINA_TIME

_RING_EVERY_S: Final = 0.1
_CLOCK_EVERY_S: Final = 5.0
_SCREENS: Final[dict[ScreenName, type[Screen]]] = {
    ScreenName.IDLE: RestingScreen,
    ScreenName.SERVING: RestingScreen,
    ScreenName.INVITATION: InvitationScreen,
    ScreenName.REASONS: ReasonsScreen,
    **dict.fromkeys(MESSAGES, MessageScreen),
}


class PadApp(App):
    """Shows views; keeps nothing but the language the person chose and which fingers are down."""

    def __init__(
        self,
        screen: settings.Screen,
        hall_name: str,
        post: Callable[[Event], None],
        drain: Callable[[], None],
        narrate: IO[str] | None = None,
    ) -> None:
        """Read fonts and catalogues.

        :raises window.NoScreen: if the display cannot be opened
        :raises theme.FontError: if there is no font with Chinese characters
        :raises LanguageError: if there is no catalogue for the language configured
        """
        window.opened(Window)
        super().__init__()
        fonts = theme.fonts(screen)
        LabelBase.register(REGULAR, str(fonts.regular))
        LabelBase.register(BOLD, str(fonts.bold))
        self._words = Catalogues(screen.language)
        self._hall_name = hall_name
        self._post = post
        self._narration = Narration(narrate) if narrate is not None else None
        self._view = View(ScreenName.STARTING)
        self._screen: Screen | None = None
        self._fingers: set[Any] = set()
        self._after_first_frame: Callable[[], None] = lambda: None
        self._drain = Clock.create_trigger(lambda _elapsed: drain())
        # two frames on, the one with the change has left for the glass
        tell = Clock.create_trigger(self._tell_what_is_shown)
        self._narrate = Clock.create_trigger(lambda _elapsed: tell())
        self._ring = Clock.create_trigger(self._tick, _RING_EVERY_S, interval=True)

    # --- what the desk calls ------------------------------------------------------------

    def run_pad(self, after_first_frame: Callable[[], None]) -> None:
        """Run until :meth:`stop`; ``after_first_frame`` is called once something was drawn."""
        self._after_first_frame = after_first_frame
        self.run()

    def wake(self) -> None:
        """Have the desk drained on the UI thread; from any thread."""
        self._drain()

    def show(self, view: View) -> None:
        """Show a view; on the UI thread."""
        before, self._view = self._view, view
        if view == before:
            return
        if self._screen is None:
            return
        if _is_next_persons(before, view):
            self._words.reset()
        if _same_screen(before, view):
            self._screen.follow(view)
        else:
            self._rebuild()
        self._narrate()

    # --- Kivy's side --------------------------------------------------------------------

    def build(self) -> FloatLayout:
        """Put the head in place, and the first screen below it."""
        Window.clearcolor = theme.PAPER
        Window.bind(on_touch_down=self._touched, on_touch_up=self._released, on_resize=self._resized)
        self._root = FloatLayout()
        self._rebuild()
        Clock.schedule_interval(self._show_time, _CLOCK_EVERY_S)
        Clock.schedule_once(lambda _elapsed: Clock.schedule_once(self._first_frame_is_shown))
        return self._root

    def open_settings(self, *_: Any) -> bool:
        """Kivy's own settings are not for citizens."""
        return False

    def _first_frame_is_shown(self, _elapsed: float) -> None:
        self._after_first_frame()
        self._drain()
        self._narrate()

    def _setting(self) -> Setting:
        width, height = Window.size
        return Setting(self._words, width, height, self._hall_name, self._post, self._narrate)

    def _rebuild(self) -> None:
        setting = self._setting()
        if self._screen is not None:
            self._screen.leave()
        self._root.clear_widgets()
        self._put_head(setting)
        self._screen = _SCREENS[self._view.screen](setting, self._view)
        self._root.add_widget(self._screen)
        if self._view.ring is not None:
            self._ring()
        else:
            self._ring.cancel()

    def _put_head(self, setting: Setting) -> None:
        boxes, unit = layout.frame(setting.width, setting.height), setting.unit
        head = layout.Box(0, 0, setting.width, boxes.hall.height)
        self._root.canvas.before.clear()
        with self._root.canvas.before:
            Color(*theme.PAPER)
            Rectangle(pos=(0, 0), size=(setting.width, setting.height))
            Color(*theme.HEAD)
            Rectangle(pos=(0, setting.height - head.height), size=(head.width, head.height))
        hall = Words(self._hall_name, theme.LARGE * unit, bold=True, align="left", colour=theme.HEAD_INK)
        self._clock = Words("", theme.NORMAL * unit, align="right", colour=theme.HEAD_INK)
        other = self._words.own_name(self._words.following())
        self._language = PlainButton(other, theme.NORMAL * unit, self._switch_language)
        for widget, box in ((hall, boxes.hall), (self._clock, boxes.clock), (self._language, boxes.language)):
            place(widget, box, setting.height)
            self._root.add_widget(widget)
        self._show_time(0)

    def _show_time(self, _elapsed: float) -> None:
        text = f"{datetime.now(CHINA_TIME):%H:%M}"
        if self._clock.text != text:
            self._clock.text = text

    def _switch_language(self) -> None:
        self._words.switch()
        self._rebuild()
        self._narrate()

    def _tick(self, _elapsed: float) -> None:
        if self._screen is not None:
            self._screen.tick()

    def _tell_what_is_shown(self, _elapsed: float) -> None:
        if self._narration is None or self._screen is None:
            return
        button, height = self._language, self._screen.setting.height
        box = (round(button.x), round(height - button.top), round(button.width), round(button.height))
        self._narration.tell(self._screen, self._view, box)

    def _resized(self, *_: Any) -> None:
        self._rebuild()
        self._narrate()

    def _touched(self, _window: Any, touch: Any) -> bool:
        if not touch.is_mouse_scrolling:
            if not self._fingers:
                self._post(TouchDown())
            self._fingers.add(touch.uid)
        return False

    def _released(self, _window: Any, touch: Any) -> bool:
        if touch.uid in self._fingers:
            self._fingers.discard(touch.uid)
            if not self._fingers:
                self._post(TouchUp())
        return False


def _is_next_persons(before: View, after: View) -> bool:
    """Whether the person before has gone; whoever chose a language at rest keeps it for the visit."""
    rests = (ScreenName.IDLE, ScreenName.SERVING)
    if after.screen in rests:
        return before.screen not in rests
    return (
        after.screen is ScreenName.INVITATION
        and after.visit_id != before.visit_id
        and before.screen not in rests
    )


def _same_screen(before: View, after: View) -> bool:
    """Whether the screen that shows ``before`` can follow to ``after`` without being built anew."""
    return (before.screen, before.visit_id, before.level, before.staff, before.notice, before.matter) == (
        after.screen, after.visit_id, after.level, after.staff, after.notice, after.matter,
    )  # fmt: skip
