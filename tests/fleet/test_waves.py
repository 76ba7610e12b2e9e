"""Three pads brought from their boxes to a version and on to the next, in waves, over ssh, each part real."""

from __future__ import annotations

import pytest

from tests.fleet.hall import Hall, until
from tests.fleet.packages import Workshop

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(3000)]

WAVES = [1, "100%"]
SECRET = "secret-of-the-hall"
BEFORE = ["BEFORE10001", "BEFORE20001", "BEFORE30001"]
AFTER = ["AFTER100001", "AFTER200001", "AFTER300001"]


def test_a_hall_is_installed_upgraded_in_waves_and_taken_back(hall: Hall, workshop: Workshop) -> None:
    """One history: each step begins where the one before ended."""
    a_fresh_hall_is_installed_enrolled_and_set(hall, workshop)
    a_second_run_changes_nothing(hall)
    for pad, project_no in zip(hall.pads, BEFORE, strict=True):
        pad.rate(project_no)
    assert hall.delivered(3) == BEFORE
    a_broken_version_stops_behind_the_first_wave(hall, workshop)
    that_pad_is_taken_back_and_keeps_its_ledger(hall)
    nobody_who_rates_is_interrupted(hall, workshop)
    a_sound_version_reaches_all(hall, workshop)
    for pad, project_no in zip(hall.pads, AFTER, strict=True):
        pad.rate(project_no)
    assert hall.delivered(6) == sorted(BEFORE + AFTER)
    assert [pad.stored() for pad in hall.pads] == [list(each) for each in zip(BEFORE, AFTER, strict=True)]
    there_is_no_way_back_to_what_cannot_read_the_ledger(hall, workshop)
    a_pad_that_went_silent_is_named_by_health(hall)
    a_pad_that_is_cut_off_on_the_way_stops_the_rest(hall, workshop)
    a_pad_that_does_not_answer_at_the_start_is_left_out(hall, workshop)


def versions(hall: Hall) -> list[str]:
    return [pad.version for pad in hall.pads]


def a_fresh_hall_is_installed_enrolled_and_set(hall: Hall, workshop: Workshop) -> None:
    codes = hall.codes()
    package = str(workshop.make("1.0"))
    done = hall.play(
        "site.yml", "-vv", window_rating_pad_package=package, window_rating_pad_codes=codes, waves=WAVES
    )
    assert done.code == 0, done.said
    assert versions(hall) == ["1.0"] * 3
    for secret in (SECRET, *codes.values()):
        assert secret not in done.said
    for pad in hall.pads:
        modes = pad.debian.run("stat", "-c", "%a %U:%G", "/var/lib/pad/keys/alert_wecom", "/etc/pad/pad.toml")
        assert modes.stdout.splitlines() == ["600 root:root", "640 root:pad"]
        denied = pad.debian.run("systemctl", "show", "kiosk", "--property=IPAddressDeny", "--value").stdout
        assert set(denied.split()) == {"0.0.0.0/0", "::/0"}


def a_second_run_changes_nothing(hall: Hall) -> None:
    package = str(hall.packages / "window-rating-pad_1.0.deb")
    again = hall.play("site.yml", window_rating_pad_package=package, waves=WAVES)
    assert again.code == 0, again.said
    assert again.changed() == {pad.name: 0 for pad in hall.pads}, again.said


def a_broken_version_stops_behind_the_first_wave(hall: Hall, workshop: Workshop) -> None:
    broken = str(workshop.make("1.1", broken=True))
    # the second time, nothing is left to be installed on the first pad: it is as unwell as before
    for _ in range(2):
        stopped = hall.play("site.yml", window_rating_pad_package=broken, waves=WAVES)
        assert stopped.code != 0
        assert "STOPPED: 1 of 1 pads of this wave not well" in stopped.said
        why = stopped.said.partition("pad-1 (1.1):")[2].partition("Done and well: none")[0]
        assert "kiosk.service does not run" in why, stopped.said
        assert "pad-screen" not in why
        assert "Not touched: pad-2, pad-3" in stopped.said
        assert versions(hall) == ["1.1", "1.0", "1.0"]


def that_pad_is_taken_back_and_keeps_its_ledger(hall: Hall) -> None:
    back = hall.play("rollback.yml", "--limit", "pad-1")
    assert back.code == 0, back.said
    assert versions(hall) == ["1.0"] * 3
    assert hall.pads[0].stored() == BEFORE[:1]


def nobody_who_rates_is_interrupted(hall: Hall, workshop: Workshop) -> None:
    pad = hall.pads[1]
    visit = pad.invite("DURING20001")
    package = str(workshop.make("1.2"))
    given = {"window_rating_pad_package": package, "window_rating_pad_patience_s": 3}
    waits = hall.play("site.yml", "--limit", pad.name, **given)
    assert waits.code != 0
    assert "somebody has been rating for 3 s" in waits.said
    assert pad.version == "1.0"
    pad.ask("DELETE", f"/v1/invitations/{visit}", {"by": "clerk", "reason": "over"})
    until(lambda: pad.ask("GET", "/v1/state"), lambda told: told.get("state") == "idle")


def a_sound_version_reaches_all(hall: Hall, workshop: Workshop) -> None:
    done = hall.play("site.yml", window_rating_pad_package=str(workshop.make("1.2")), waves=WAVES)
    assert done.code == 0, done.said
    assert versions(hall) == ["1.2"] * 3


def there_is_no_way_back_to_what_cannot_read_the_ledger(hall: Hall, workshop: Workshop) -> None:
    earlier = str(workshop.make("0.9", schema=1))
    refused = hall.play("rollback.yml", "--limit", "pad-3", window_rating_pad_package=earlier)
    assert refused.code != 0
    assert "0.9 reads forms up to 1" in " ".join(refused.said.split())
    assert versions(hall) == ["1.2"] * 3
    assert hall.pads[2].ask("GET", "/v1/state")["state"] == "idle"


def a_pad_that_went_silent_is_named_by_health(hall: Hall) -> None:
    well = hall.play("health.yml")
    assert well.code == 0, well.said
    hall.pads[2].debian.run("systemctl", "stop", "syncd")
    unwell = hall.play("health.yml", window_rating_pad_well_within_s=3)
    assert unwell.code != 0
    assert "syncd.service does not run" in unwell.said
    assert "pad-3" in unwell.said.partition("PLAY RECAP")[0].rpartition("fatal:")[2]
    hall.pads[2].debian.run("systemctl", "start", "syncd")


def a_pad_that_is_cut_off_on_the_way_stops_the_rest(hall: Hall, workshop: Workshop) -> None:
    hall.pads[1].debian.run("touch", "/etc/cut")
    cutting = str(workshop.make("1.3", cuts=True))
    stopped = hall.play("site.yml", window_rating_pad_package=cutting, waves=[2, "100%"])
    assert stopped.code != 0
    assert "STOPPED: 1 of 2 pads of this wave not well" in stopped.said
    assert "it stopped answering on the way" in stopped.said.partition("pad-2 (")[2]
    assert "Done and well: pad-1\n" in stopped.said
    assert versions(hall) == ["1.3", "1.3", "1.2"]


def a_pad_that_does_not_answer_at_the_start_is_left_out(hall: Hall, workshop: Workshop) -> None:
    done = hall.play("site.yml", window_rating_pad_package=str(workshop.make("1.4")), waves=WAVES)
    assert "unreachable=1" in done.said
    assert versions(hall) == ["1.4", "1.3", "1.4"]
