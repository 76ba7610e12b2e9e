"""How the pad stands in its network: its addresses, the way out, and whether a port opens."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import psutil

_TABLES: Final = Path("/proc/net/route"), Path("/proc/net/ipv6_route")
_UP: Final = 0x1
_REJECTS: Final = 0x200


def addresses() -> tuple[str, ...]:
    """What the pad can be reached at from elsewhere, each after the name of its interface, if that is up."""
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    return tuple(
        f"{name} {each.address}"
        for name, found in psutil.net_if_addrs().items()
        if name in up
        for each in found
        if each.family in (socket.AF_INET, socket.AF_INET6)
        and each.address != "::1"
        and not each.address.startswith(("127.", "fe80:"))
    )


def default_routes() -> tuple[str, ...]:
    """The interfaces that lead everywhere."""
    # a kernel without IPv6 has no table of it
    ipv4, ipv6 = (path.read_text(encoding="ascii") if path.exists() else "" for path in _TABLES)
    return leading_everywhere(ipv4, ipv6)


def leading_everywhere(ipv4: str, ipv6: str) -> tuple[str, ...]:
    """The interfaces of all default routes in ``/proc/net/route`` and ``/proc/net/ipv6_route``.

    :raises ValueError: if a line is none of such a table
    """
    found = []
    for line in ipv4.splitlines()[1:]:
        name, target, _, flags, _, _, _, mask, *_ = line.split()
        if int(target, 16) == int(mask, 16) == 0 and _leads_on(flags):
            found.append(name)
    for line in ipv6.splitlines():
        target, length, _, _, _, _, _, _, flags, name = line.split()
        if int(target, 16) == int(length, 16) == 0 and _leads_on(flags):
            found.append(name)
    return tuple(dict.fromkeys(found))


def _leads_on(flags: str) -> bool:
    return int(flags, 16) & (_UP | _REJECTS) == _UP


def reach(host: str, port: int, limit_s: float) -> None:
    """Open a TCP connection and close it again.

    :raises OSError: if it does not open; a TimeoutError if nobody answered in time
    """
    within(limit_s, lambda: socket.create_connection((host, port), limit_s).close())


def within(limit_s: float, act: Callable[[], object]) -> None:
    """Have something done, and leave it behind if it takes longer: looking up a name heeds no limit.

    :raises TimeoutError: if it took longer; else the OSError or ValueError that ``act`` raises
    """
    done: Future[None] = Future()

    def run() -> None:
        try:
            act()
        except (OSError, ValueError) as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    threading.Thread(target=run, name="reach", daemon=True).start()
    done.result(limit_s)
