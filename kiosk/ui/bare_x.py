"""An X server without a window manager, as on a pad that starts nothing but the kiosk.

There nobody makes a window fill the screen when SDL asks for it, so the kiosk asks Xlib how large
the screen is and opens a window of that size.
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_char_p, c_int, c_long, c_ulong, c_void_p

_WINDOW_MANAGER = b"_NET_SUPPORTING_WM_CHECK"
"""A property every window manager of today sets on the root window (EWMH)."""
_XA_WINDOW = 33


def screen_size() -> tuple[int, int] | None:
    """The screen's size in pixels; None if a window manager runs, or there is no X server."""
    try:
        xlib = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    xlib.XOpenDisplay.restype = c_void_p
    xlib.XOpenDisplay.argtypes = [c_char_p]
    display = xlib.XOpenDisplay(None)
    if not display:
        return None
    display = c_void_p(display)
    try:
        xlib.XDefaultRootWindow.restype = c_ulong
        root = c_ulong(xlib.XDefaultRootWindow(display))
        if _has_window_manager(xlib, display, root):
            return None
        screen = xlib.XDefaultScreen(display)
        return xlib.XDisplayWidth(display, screen), xlib.XDisplayHeight(display, screen)
    finally:
        xlib.XCloseDisplay(display)


def _has_window_manager(xlib: ctypes.CDLL, display: c_void_p, root: c_ulong) -> bool:
    xlib.XInternAtom.restype = c_ulong
    atom = c_ulong(xlib.XInternAtom(display, _WINDOW_MANAGER, True))
    if not atom.value:
        return False
    kind, form, items, left, data = c_ulong(), c_int(), c_ulong(), c_ulong(), c_void_p()
    xlib.XGetWindowProperty(
        display, root, atom, c_long(0), c_long(1), False, c_ulong(_XA_WINDOW),
        byref(kind), byref(form), byref(items), byref(left), byref(data),
    )  # fmt: skip
    if data.value:
        xlib.XFree(data)
    return items.value > 0
