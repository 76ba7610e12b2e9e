"""``syncd --once``: one pass, and an exit code that can be trusted."""

from __future__ import annotations

from tests.syncd.city import City, CityServer, says
from tests.syncd.pad_box import PadBox


def test_everything_that_waits_is_delivered(box: PadBox, city: City, online: CityServer) -> None:
    for number in range(120):
        box.rate(f"P{number:03}")
    code, said = box.once()
    assert (code, len(city.requests)) == (0, 3)
    assert "120 of 120 settled" in said
    assert box.once()[0] == 0
    assert len(city.requests) == 3


def test_what_still_waits_is_said_with_the_reason(box: PadBox, city: City, online: CityServer) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", batch=2)
    for number in range(5):
        box.rate(f"P{number}")
    city.script.extend([city.behave, says(503)])
    code, said = box.once()
    assert code == 1
    assert "2 of 5 settled" in said
    assert "3 still wait" in said
    assert "HTTP 503" in said
    assert box.once()[0] == 0


def test_what_is_refused_is_said_with_what_to_do(box: PadBox, city: City, online: CityServer) -> None:
    city.faults = {"P1": "不行"}
    for number in range(3):
        box.rate(f"P{number}")
    code, said = box.once()
    assert code == 1
    assert "1 of them refused" in said
    assert "padctl retry" in said
    assert city.distinct == ["P0", "P2"]
    assert box.once()[0] == 0  # refused before, and nothing waits


def test_it_does_not_wait_for_a_spread(box: PadBox, city: City, online: CityServer) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", reconnect_spread_s=3600)
    city.script.append(says(502))
    box.rate("P0")
    assert box.once()[0] == 1
    assert box.once()[0] == 0


def test_without_a_ledger_it_says_so(box: PadBox, city: City, online: CityServer) -> None:
    box.db.close()
    (box.state / "ledger.db").unlink()
    daemon = box.daemon("--once")
    assert daemon.wait() == 1
    assert "there is no ledger yet" in "".join(daemon.log)
