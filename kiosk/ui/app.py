"""The app: one window that renders the view it is given and posts what fingers do."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from kivy.app import App
from kivy.clock import Clock
from kivy.core.text import LabelBase
from kivy.core.window import Window
from kivy.uix.widget import Widget

from kiosk.events import Key, TurnSample
from kiosk.ui import parts, theme, window
from kiosk.ui.bar import Bar, Choices
from kiosk.ui.glyphs import Glyphs
from kiosk.ui.hands import Hands
from kiosk.ui.layout.form import Form
from kiosk.ui.layout.invitation import ORDER
from kiosk.ui.offers import Offers
from kiosk.ui.parts import Pressable
from kiosk.ui.ports import Ports
from kiosk.ui.screen import Screen, Setting, Target, mark, unmark
from kiosk.ui.screen_comment import CommentScreen
from kiosk.ui.screen_identity import IdentityScreen, PinScreen
from kiosk.ui.screen_invitation import InvitationScreen
from kiosk.ui.screen_message import MESSAGES, MessageScreen
from kiosk.ui.screen_reasons import ReasonsScreen
from kiosk.ui.screen_resting import TURN_S, RestingScreen
from kiosk.ui.screen_technician import TechnicianScreen
from kiosk.ui.words import Catalogues
from kiosk.view import ScreenName, View
from pad import settings

_RING_EVERY_S: Final = 0.1
_CLOCK_EVERY_S: Final = 5.0
_TIDY_AFTER_S: Final = 0.5
_TIDY_EVERY_S: Final = 300.0
"""While the same screen stands nobody looks, but a clerk's system may ask for the state night and day: every
call leaves a kilobyte or more."""
_UNTIDIED_MAX: Final = 24
"""Screens that were built since garbage was collected, some 4 MB each: more is tidied up in any case."""
_SCREENS: Final[dict[ScreenName, type[Screen]]] = {
    ScreenName.IDLE: RestingScreen,
    ScreenName.SERVING: RestingScreen,
    ScreenName.INVITATION: InvitationScreen,
    ScreenName.REASONS: ReasonsScreen,
    ScreenName.COMMENT: CommentScreen,
    ScreenName.IDENTITY: IdentityScreen,
    ScreenName.PIN: PinScreen,
    ScreenName.TECHNICIAN: TechnicianScreen,
    **dict.fromkeys(MESSAGES, MessageScreen),
}
_AT_REST: Final = (ScreenName.IDLE, ScreenName.SERVING)


class PadApp(App):
    """Shows views; keeps nothing but the modes the person chose and which fingers are down."""

    def __init__(self, screen: settings.Screen, hall_name: str, words: Catalogues, ports: Ports) -> None:
        """Read the fonts.

        :raises window.NoScreen: if the display cannot be opened
        :raises theme.FontError: if there is no font with Chinese characters
        """
        window.opened(Window)
        super().__init__()
        fonts = theme.fonts(screen)
        LabelBase.register(parts.REGULAR, str(fonts.regular))
        LabelBase.register(parts.BOLD, str(fonts.bold))
        parts.rare = Glyphs(fonts, private_use=bool(screen.fonts_for_rare))
        for name, path in parts.rare.rare.items():
            LabelBase.register(name, str(path))
        self._words = words
        self._configured = screen
        self._big, self._low = screen.big_type, screen.low_reach
        self._hall_name = hall_name
        self._ports, self._reader = ports, ports.reader
        self._offers = Offers()
        self._view = View(ScreenName.STARTING)
        self._screen: Screen | None = None
        self._bar: Bar | None = None
        self._marked: Target | None = None
        self._shown_visit = ""
        self._first_is_out = False
        self._untidied = 0
        self._after_first_frame: Callable[[], None] = lambda: None
        self._drain = Clock.create_trigger(lambda _elapsed: ports.drain())
        # two frames on, the one with the change has left for the glass
        tell = Clock.create_trigger(self._tell_what_is_shown)
        self._narrate = Clock.create_trigger(lambda _elapsed: tell())
        self._ring = Clock.create_trigger(self._tick, _RING_EVERY_S, interval=True)
        self._turn = Clock.create_trigger(self._turn_resting, TURN_S, interval=True)
        self._tidy = Clock.create_trigger(self._tidy_up, _TIDY_AFTER_S)

    # --- what the desk calls ------------------------------------------------------------

    def run_pad(self, after_first_frame: Callable[[], None]) -> None:
        """Run until :meth:`stop`; ``after_first_frame`` is called once something was drawn."""
        self._after_first_frame = after_first_frame
        self.run()
        self._offers.stop()

    @property
    def screen(self) -> Screen | None:
        """What is shown now."""
        return self._screen

    @property
    def window_size(self) -> tuple[int, int]:
        """Width and height of the window, in pixels."""
        width, height = Window.size
        return int(width), int(height)

    def wake(self) -> None:
        """Have the desk drained on the UI thread; from any thread."""
        self._drain()

    def show(self, view: View) -> None:
        """Show a view; on the UI thread."""
        before, self._view = self._view, view
        if view == before or self._screen is None:
            return
        if _is_next_persons(before, view):
            self._back_to_usual()
        if _same_screen(before, view):
            self._screen.follow(view)
        else:
            self._rebuild_screen()
        self._follow_cursor(before)
        if self._reader is not None:
            self._reader.changed(before, view, self._words)
        self._narrate()

    def wear(self, language: str, *, big: bool, low: bool) -> None:
        """Show everything in this language and these modes, as if the buttons had been pressed."""
        self._words.language, self._big, self._low = language, big, low
        self._rebuild()

    # --- Kivy's side --------------------------------------------------------------------

    def build(self) -> Widget:
        """Put everything in place."""
        Window.clearcolor = theme.PAPER
        Window.bind(on_resize=self._resized, on_textinput=self._typed)
        self._hands = Hands(self._ports.post, self._all_lifted)
        self._root = Widget()
        self._rebuild()
        Clock.schedule_interval(self._show_time, _CLOCK_EVERY_S)
        Clock.schedule_interval(self._tidy_at_rest, _TIDY_EVERY_S)
        Clock.schedule_once(lambda _elapsed: Clock.schedule_once(self._first_frame_is_shown))
        return self._root

    def open_settings(self, *_: Any) -> bool:
        """Kivy's own settings are not for citizens."""
        return False

    def _first_frame_is_shown(self, _elapsed: float) -> None:
        # Python's search for garbage takes several frames: it waits for a moment when nobody looks
        gc.disable()
        gc.freeze()
        self._first_is_out = True
        self._set_pace()
        self._tell_what_is_shown(0)
        self._after_first_frame()
        self._drain()

    def _form(self) -> Form:
        width, height = Window.size
        return Form(width, height, self._configured.diagonal_inches, self._big, self._low)

    def _rebuild(self) -> None:
        """Everything anew: another size, language or mode."""
        self._root.clear_widgets()
        choices = Choices(self._switch_language, self._switch_big, self._switch_low)
        self._bar = Bar(self._form(), self._words, self._hall_name, choices)
        self._bar.show_time(self._ports.now())
        self._root.add_widget(self._bar)
        self._rebuild_screen()

    def _rebuild_screen(self) -> None:
        Pressable.let_go(spoilt=self._shown_visit != self._view.visit_id)
        self._shown_visit = self._view.visit_id
        if self._screen is not None:
            self._screen.leave()
            self._root.remove_widget(self._screen)
        self._unmark()
        view, post = self._view, self._ports.post
        if view.sample is not None:
            view, post = self._ports.samples[view.sample], lambda _event: None
        setting = Setting(
            self._words, self._form(), self._hall_name, post, self._rearranged, self._offers, self._rehearse
        )
        self._screen = _SCREENS[view.screen](setting, view)
        self._untidied += 1
        self._root.add_widget(self._screen)
        if view.ring is not None:
            self._ring()
        else:
            self._ring.cancel()
        if isinstance(self._screen, RestingScreen):
            self._turn()
        else:
            self._turn.cancel()
        self._set_pace()

    def _set_pace(self) -> None:
        """Turn slowly, and tidy up, while nobody is asked anything; not before the first frame is out.

        Where one person follows the other without such a moment it is tidied up all the same: it takes a
        few frames, and what it would otherwise come to is all the memory there is.
        """
        if isinstance(self._screen, RestingScreen | MessageScreen) and self._first_is_out:
            self._tidy()
            Clock._max_fps = window.RESTING_FRAMES_PER_SECOND
        else:
            if self._untidied <= _UNTIDIED_MAX:
                self._tidy.cancel()
            elif self._first_is_out:
                self._tidy()
            Clock._max_fps = window.FRAMES_PER_SECOND

    def _tidy_at_rest(self, _elapsed: float) -> None:
        if isinstance(self._screen, RestingScreen | MessageScreen) and self._first_is_out:
            self._tidy()

    def _tidy_up(self, _elapsed: float) -> None:
        self._untidied = 0
        gc.collect()

    def _rehearse(self) -> None:
        if self._reader is not None:
            self._reader.rehearse(self._words)

    # --- modes --------------------------------------------------------------------------

    def _back_to_usual(self) -> None:
        usual = (self._configured.big_type, self._configured.low_reach)
        changed = self._words.reset() or (self._big, self._low) != usual
        self._big, self._low = usual
        if changed:
            self._rebuild()

    def _switch_language(self) -> None:
        self._words.switch()
        self._switched()
        if self._reader is not None:
            self._reader.again(self._view, self._words)

    def _switch_big(self) -> None:
        self._big = not self._big
        self._switched()

    def _switch_low(self) -> None:
        self._low = not self._low
        self._switched()

    def _switched(self) -> None:
        self._rebuild()
        self._follow_cursor(self._view)
        self._narrate()

    # --- the keys -----------------------------------------------------------------------

    def _typed(self, _window: Any, text: str) -> None:
        if text in self._configured.keys:
            self._ports.post(Key(ORDER[self._configured.keys.index(text)]))

    def _reachable(self) -> list[Target]:
        if self._screen is None or self._bar is None:
            return []
        named = [self._screen.targets[name] for name in self._screen.in_order()]
        return [*named, *self._bar.targets.values()]

    def _follow_cursor(self, before: View) -> None:
        """Mark where the keys have come to, and press it if they say so."""
        target = self._mark()
        was, cursor = before.cursor, self._view.cursor
        if target is None or cursor is None:
            return
        if was is not None and was.presses != cursor.presses:
            target.widget.by_key()
        elif self._reader is None:
            return
        elif was is not None and was.told != cursor.told:
            self._reader.again(self._view, self._words)
        elif was != cursor:
            self._reader.name(target.says, self._words)

    def _mark(self) -> Target | None:
        self._unmark()
        cursor, reachable = self._view.cursor, self._reachable()
        if cursor is not None and reachable:
            self._marked = reachable[cursor.steps % len(reachable)]
            mark(self._marked.widget, self._form())
        return self._marked

    def _unmark(self) -> None:
        """Take the frame away, also from a button of the bar, which outlives the screen."""
        if self._marked is not None:
            unmark(self._marked.widget)
            self._marked = None

    def _rearranged(self) -> None:
        self._mark()
        self._narrate()

    # --- time ---------------------------------------------------------------------------

    def _tick(self, _elapsed: float) -> None:
        if self._screen is not None:
            self._screen.tick()

    def _turn_resting(self, _elapsed: float) -> None:
        if isinstance(self._screen, RestingScreen):
            self._screen.turn()

    def _show_time(self, _elapsed: float) -> None:
        if self._bar is not None:
            self._bar.show_time(self._ports.now())

    def _tell_what_is_shown(self, _elapsed: float) -> None:
        if self._ports.narration is not None and self._screen is not None and self._bar is not None:
            targets = self._screen.targets | self._bar.targets
            marked = next((name for name, target in targets.items() if target is self._marked), None)
            self._ports.narration.tell(self._screen, self._view, self._bar, marked)

    def _resized(self, *_: Any) -> None:
        self._rebuild()
        self._narrate()

    def _all_lifted(self) -> None:
        sample = self._view.sample
        if sample is not None:
            following = sample + 1
            self._ports.post(TurnSample(following if following < len(self._ports.samples) else None))


def _is_next_persons(before: View, after: View) -> bool:
    """Whether the person before has gone; whoever chose a mode at rest keeps it for the visit."""
    if after.screen in _AT_REST:
        return before.screen not in _AT_REST
    return (
        after.screen is ScreenName.INVITATION
        and after.visit_id != before.visit_id
        and before.screen not in _AT_REST
    )


def _same_screen(before: View, after: View) -> bool:
    """Whether the screen that shows ``before`` can follow to ``after`` without being built anew."""
    return _frozen(before) == _frozen(after)


def _frozen(view: View) -> View:
    """What of a view a screen is built from, the rest being what it follows."""
    return replace(
        view, ticked=frozenset(), can_submit=False, may_decline_reason=False, ring=None, armed=True,
        identity=None if view.screen is ScreenName.IDENTITY else view.identity, cursor=None, pin=None,
        comment="" if view.screen is ScreenName.COMMENT else view.comment,
    )  # fmt: skip
