"""The guards warn once across a gap, and what cannot be measured changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.guards import COOL_AGAIN_C, FREE_AGAIN, Guard, Limits, Machine, warned

MIB = 1024 * 1024
LIMITS = Limits.of(512, 64, 5.0, 80.0)


def episodes(*machines: Machine) -> list[set[Guard]]:
    now: frozenset[Guard] = frozenset()
    found = []
    for machine in machines:
        now = warned(machine, LIMITS, now)
        found.append(set(now))
    return found


def free(mib: float) -> Machine:
    return Machine(disk_free=int(mib * MIB))


def test_a_disk_that_wavers_around_its_limit_is_one_episode() -> None:
    assert episodes(free(512), free(511), free(513), free(510), free(614), free(615), free(511)) == [
        set(), {Guard.DISK}, {Guard.DISK}, {Guard.DISK}, {Guard.DISK}, set(), {Guard.DISK}
    ]  # fmt: skip


def test_heat_is_over_five_degrees_below() -> None:
    heat = [Machine(temperature_c=celsius) for celsius in (79.9, 80.0, 75.1, 75.0, 74.9, 79.9)]
    hot = {Guard.TEMPERATURE}
    assert episodes(*heat) == [set(), hot, hot, hot, set(), set()]


def test_files_count_by_their_share() -> None:
    def files(left: int) -> Machine:
        return Machine(inodes_free=left, inodes=1000)

    few = {Guard.INODES}
    assert episodes(files(50), files(49), files(59), files(60)) == [set(), few, few, set()]


@pytest.mark.parametrize("guard", list(Guard))
def test_what_cannot_be_measured_changes_nothing(guard: Guard) -> None:
    assert warned(Machine(), LIMITS, {guard}) == {guard}
    assert warned(Machine(), LIMITS, ()) == frozenset()


def test_the_warning_is_never_later_than_what_it_warns_of() -> None:
    assert Limits.of(512, 2048, 5.0, 80.0).disk_free == 2048 * MIB


@given(st.lists(st.floats(0, 120), max_size=60))
def test_between_two_changes_of_mind_lies_the_gap(heats: list[float]) -> None:
    before: frozenset[Guard] = frozenset()
    turned_at = None
    for heat in heats:
        now = warned(Machine(temperature_c=heat), LIMITS, before)
        if now != before:
            assert turned_at is None or abs(heat - turned_at) > 0
            assert (heat >= 80) if now else (heat < 80 - COOL_AGAIN_C)
            turned_at = heat
        before = now


def test_room_is_enough_again_only_well_above() -> None:
    assert FREE_AGAIN > 1
