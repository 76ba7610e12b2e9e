"""By which names the counter service may be called: by none that a page may have made point here. Pure.

To a browser a page whose site's name is made to resolve to 127.0.0.1 (DNS rebinding) is of the same origin:
it sends neither ``Origin`` nor, over plain HTTP, ``Sec-Fetch-Site``, and only ``Host`` tells. Whoever owns a
name on the internet owns one with a dot in it; addresses and names without one are nobody's.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address


def is_ours(host: str | None, names: Collection[str]) -> bool:
    """Whether a ``Host`` may be answered.

    :param host: the header, with or without a port; None where there is none (no browser leaves it out)
    :param names: further names, lower case, by which a technician has it called
    """
    if host is None:
        return True
    name = _without_port(host.strip()).rstrip(".").lower()
    return "." not in name or name.endswith(".localhost") or name in names or _is_address(name)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
