"""How the pad stands in its network is read from a real one, and never waited for without end."""

from __future__ import annotations

import errno
import socket
import threading

import pytest

from pad import network
from tests.ports import free_port

IPV4 = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
NOWHERE, ANYWHERE = "0" * 32, "00000000000000000000000000000000 00"
IPV6 = f"""\
fd000000000000000000000000000000 40 {ANYWHERE} {NOWHERE} 00000100 00000001 00000000 00000001     eth0
{ANYWHERE} {ANYWHERE} fd000000000000000000000000000001 00000400 00000003 00000000 00000003    wlan0
"""
REJECTED = f"{ANYWHERE} {ANYWHERE} {NOWHERE} ffffffff 00000001 00000000 00200200       lo\n"
HEADING = IPV4.splitlines()[0]


def test_the_way_out_is_known_by_either_table() -> None:
    assert network.leading_everywhere(IPV4, "") == ("eth0",)
    assert network.leading_everywhere(HEADING, IPV6) == ("wlan0",)
    assert network.leading_everywhere(IPV4, IPV6) == ("eth0", "wlan0")


def test_a_net_of_ones_own_and_a_route_that_rejects_are_no_way_out() -> None:
    own = "\n".join([HEADING, IPV4.splitlines()[2]])
    assert network.leading_everywhere(own, REJECTED) == ()
    assert network.leading_everywhere("", "") == ()


def test_a_route_that_is_down_is_no_way_out() -> None:
    assert network.leading_everywhere(IPV4.replace("\t0003\t", "\t0002\t"), "") == ()


def test_what_is_no_table_is_an_error_of_value() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        network.leading_everywhere(HEADING + "\nno table", "")


def test_the_machines_own_tables_are_read() -> None:
    names = {name for _, name in socket.if_nameindex()}
    assert set(network.default_routes()) <= names
    for each in network.addresses():
        name, address = each.split(" ")
        assert name in names
        assert socket.getaddrinfo(address, None, flags=socket.AI_NUMERICHOST)
        assert address not in ("127.0.0.1", "::1")


def test_a_port_that_listens_is_reached_and_let_go() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        network.reach("127.0.0.1", server.getsockname()[1], 2.0)
        caller, _ = server.accept()
        with caller:
            assert caller.recv(1) == b""


def test_a_closed_port_is_refused() -> None:
    with pytest.raises(ConnectionRefusedError) as refused:
        network.reach("127.0.0.1", free_port(), 2.0)
    assert refused.value.errno == errno.ECONNREFUSED


@pytest.mark.parametrize("host", ["", "a" * 64 + ".cn", "no..name"])
def test_a_name_that_is_none_is_an_error_that_can_be_told(host: str) -> None:
    with pytest.raises((OSError, ValueError)):
        network.reach(host, 1, 2.0)


def test_what_takes_too_long_is_left_behind() -> None:
    let_go, ended = threading.Event(), threading.Event()

    def stuck() -> None:
        let_go.wait()
        ended.set()

    with pytest.raises(TimeoutError):
        network.within(0.01, stuck)
    let_go.set()
    assert ended.wait(20)
