"""The table of design §5, line by line, and what holds for any sequence of answers."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pad.model import DeliveryState
from pad.settings import Sync
from syncd import policy
from syncd.platforms.base import (
    Answer,
    CredentialsRefused,
    Itemised,
    NoAnswer,
    Outcome,
    Result,
    Throttled,
    TooLarge,
    Trouble,
    WholeAccepted,
    WholeDuplicate,
    WholeRefused,
)
from syncd.policy import Batch, Decision, Line, Lots

RULES = Sync(batch=8)
FRESH = Line(batch=8)
FOUR = Batch("b", ("r1", "r2", "r3", "r4"))
ONE = Batch("b", ("r1",))


def lots(number: float = 1.0) -> Lots:
    """Numbers that are always the same (1 is just beyond what can be drawn), and b0, b1, … for ids."""
    ids = (f"b{count}" for count in itertools.count())
    return Lots(number=lambda: number, batch_id=lambda: next(ids))


def decide(
    answer: Answer,
    batch: Batch = FOUR,
    line: Line = FRESH,
    number: float = 1.0,
    early: tuple[str, ...] = (),
) -> Decision:
    return policy.decide(line, batch, answer, RULES, lots(number), early)


def fates(decision: Decision) -> list[str]:
    """Each member's fate in a word: its state's initial, and the batch a pending one goes with."""
    return [f"{fate.state[0]}:{fate.batch or ''}" for fate in decision.fates]


def result(rating_id: str, outcome: Outcome, message: str | None = None) -> Result:
    return Result(rating_id, outcome, f"receipt-{rating_id}", "E1", message)


ACCEPTED, DUPLICATE, REFUSED = Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.REFUSED
KEPT = ["p:b"] * 4
HALVES = ["p:b0", "p:b0", "p:b1", "p:b1"]


@pytest.mark.parametrize(
    ("answer", "batch", "expected", "wait_s", "limit"),
    [
        (WholeAccepted("R"), FOUR, ["a:"] * 4, 0, 8),
        (WholeAccepted(), ONE, ["a:"], 0, 8),
        (WholeDuplicate(), ONE, ["a:"], 0, 8),
        (WholeDuplicate(), FOUR, HALVES, 0, 8),
        (WholeRefused("no"), ONE, ["r:"], 0, 8),
        (WholeRefused("no"), FOUR, HALVES, 0, 8),
        (NoAnswer("x"), FOUR, KEPT, 1, 8),
        (NoAnswer("x", Trouble.SLOW), FOUR, KEPT, 1, 8),
        (NoAnswer("x", Trouble.CHOKED), FOUR, KEPT, 1, 8),
        (NoAnswer("x", retry_after_s=90), FOUR, KEPT, 180, 8),
        (NoAnswer("x", retry_after_s=90_000), FOUR, KEPT, 3900, 8),
        (Throttled("429"), FOUR, HALVES, 1, 2),
        (Throttled("503", 90), FOUR, HALVES, 180, 2),
        (Throttled("503", 90_000), ONE, ["p:b"], 3900, 4),
        (Throttled("429", 0), ONE, ["p:b"], 1, 4),
        (TooLarge(), FOUR, HALVES, 0, 2),
        (TooLarge(), ONE, ["r:"], 0, 8),
        (CredentialsRefused("401"), FOUR, KEPT, 300, 1),
        (Itemised((result("r1", ACCEPTED), result("r2", DUPLICATE), result("r3", REFUSED))), FOUR,
         ["a:", "a:", "r:", "p:b0"], 0, 8),
        (Itemised((result("r9", ACCEPTED),)), FOUR, KEPT, 1, 8),
        (Itemised(()), ONE, ["p:b"], 1, 8),
        (Itemised((result("r1", ACCEPTED), result("r1", REFUSED))), ONE, ["p:b"], 1, 8),
    ],
)  # fmt: skip
def test_the_table(answer: Answer, batch: Batch, expected: list[str], wait_s: float, limit: int) -> None:
    decision = decide(answer, batch)
    assert fates(decision) == expected
    assert decision.wait_s == wait_s
    assert decision.line.limit == limit


@pytest.mark.parametrize(
    ("answer", "batch", "expected"),
    [
        (WholeAccepted(), ONE, ["a:"]),
        (WholeDuplicate(), ONE, ["a:"]),
        (WholeRefused("future"), ONE, ["early:b"]),
        (WholeRefused("future"), FOUR, HALVES),
        (TooLarge(), ONE, ["r:"]),
        (Itemised((result("r1", REFUSED), result("r2", REFUSED), result("r3", ACCEPTED))), FOUR,
         ["early:b1", "r:", "a:", "p:b0"]),
    ],
)  # fmt: skip
def test_who_is_refused_before_its_time_by_the_platforms_clock_waits(
    answer: Answer, batch: Batch, expected: list[str]
) -> None:
    decision = decide(answer, batch, early=("r1", "r3", "r4"))
    told = [
        f"early:{fate.batch}" if fate.early else text
        for fate, text in zip(decision.fates, fates(decision), strict=True)
    ]
    assert told == expected
    assert not decision.line.is_down
    assert decision.wait_s == 0


def test_receipts_and_words_stay_with_their_records() -> None:
    accepted, refused, *_ = decide(Itemised((result("r2", REFUSED, "不行"), result("r1", ACCEPTED)))).fates
    assert accepted.receipt == "receipt-r1"
    assert (refused.code, refused.message) == ("E1", "不行")


@pytest.mark.parametrize(("failures", "most"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (10_000, 300)])
def test_back_off_doubles_up_to_the_cap(failures: int, most: float) -> None:
    decision = decide(NoAnswer("x"), line=replace(FRESH, failures=failures - 1))
    assert decision.wait_s == most
    assert decide(NoAnswer("x"), line=replace(FRESH, failures=failures - 1), number=0.0).wait_s == 0


def test_what_the_platform_asks_for_is_the_least_and_a_city_told_the_same_is_spread() -> None:
    for asked_s, least_s, most_s in ((0, 0, 1), (2, 2, 4), (90, 90, 180), (1800, 1800, 2100)):
        answer = Throttled("503", asked_s)
        assert decide(answer, number=0.0).wait_s == least_s
        assert decide(answer, number=1.0).wait_s == most_s


def test_any_definite_answer_ends_the_back_off() -> None:
    down = replace(FRESH, failures=7)
    for answer in (WholeAccepted(), WholeDuplicate(), WholeRefused("no"), TooLarge()):
        assert not decide(answer, line=down).line.is_down


def test_a_halved_batch_grows_again_and_not_beyond_the_setting() -> None:
    line, sizes = replace(FRESH, batch=1), []
    for _ in range(9):
        line = decide(WholeAccepted(), line=line).line
        sizes.append(line.batch)
    assert sizes == [2, 3, 4, 5, 6, 7, 8, 8, 8]


def test_the_alarm_is_raised_once_an_episode_and_one_record_is_tried() -> None:
    first = decide(CredentialsRefused("401"))
    again = decide(CredentialsRefused("401"), ONE, first.line)
    assert (first.alarm, again.alarm, again.line.limit) == (True, False, 1)
    good = decide(WholeAccepted(), ONE, again.line)
    assert good.line.limit == 8
    assert decide(CredentialsRefused("403"), ONE, good.line).alarm


@pytest.mark.parametrize("trouble", [Trouble.SLOW, Trouble.CHOKED])
def test_one_lost_answer_keeps_a_batch_together_and_a_second_splits_it(trouble: Trouble) -> None:
    first = decide(NoAnswer("x", trouble))
    second = decide(NoAnswer("x", trouble), line=first.line)
    assert fates(first) == KEPT
    assert fates(second) == HALVES


def test_a_line_that_is_down_never_splits_a_batch() -> None:
    line = FRESH
    for _ in range(50):
        decision = decide(NoAnswer("x"), line=line)
        assert fates(decision) == KEPT
        line = decision.line


def test_a_lone_record_is_passed_by_after_a_minute_of_500_and_never_for_a_slow_answer() -> None:
    line, waited, passed = FRESH, 0.0, []
    for _ in range(8):
        decision = decide(NoAnswer("HTTP 500", Trouble.CHOKED), ONE, line)
        waited += decision.wait_s
        passed.append((waited, decision.pass_by_s > 0))
        line = decision.line
    assert passed == [(waited, waited >= policy.PASS_BY_AFTER_S) for waited, _ in passed]
    assert passed[0][1] is False
    assert passed[-1][1] is True
    assert not decide(NoAnswer("slow", Trouble.SLOW), ONE, line).pass_by_s


@pytest.mark.parametrize("failures", [0, 1, 20])
def test_a_record_that_was_passed_by_before_is_passed_by_at_once_and_keeps_nobody_waiting(
    failures: int,
) -> None:
    line = replace(FRESH, failures=failures)
    decision = policy.decide(line, ONE, NoAnswer("HTTP 500", Trouble.CHOKED), RULES, lots(), suspect=True)
    assert decision.line.failures == max(1, failures)
    assert decision.wait_s == RULES.backoff_first_s
    assert decision.pass_by_s == decision.wait_s + RULES.backoff_cap_s
    asked = policy.decide(
        line, ONE, NoAnswer("HTTP 500", Trouble.CHOKED, 90.0), RULES, lots(0.0), suspect=True
    )
    assert asked.wait_s == 90
    for trouble in (Trouble.SLOW, Trouble.LINE):
        lost = NoAnswer("x", trouble)
        assert policy.decide(line, ONE, lost, RULES, lots(), suspect=True) == decide(lost, ONE, line)


def test_a_start_is_spread_only_after_an_outage() -> None:
    assert policy.first_attempt_after_s(RULES, lots(0.5), failed_before=False) == 0
    assert policy.first_attempt_after_s(RULES, lots(0.5), failed_before=True) == 15


@pytest.mark.parametrize(("up_s", "beat_s", "bulletin_s"), [(30, 30, 302), (4000, 0, 2)])
def test_what_a_timetable_does_first_is_spread_only_where_the_machine_has_just_started(
    up_s: float, beat_s: float, bulletin_s: float
) -> None:
    assert policy.first_beat_after_s(RULES, lots(0.5), up_s=up_s) == beat_s
    assert policy.first_bulletin_after_s(lots(0.5), up_s=up_s) == bulletin_s


# --- any sequence of answers -----------------------------------------------------------------

TROUBLES = st.sampled_from(Trouble)
SECONDS = st.one_of(st.none(), st.floats(0, 1e6))
UNRELIABLE = st.one_of(
    st.builds(NoAnswer, st.just("x"), TROUBLES, SECONDS),
    st.builds(Throttled, st.just("429"), SECONDS),
    st.just(CredentialsRefused("401")),
    st.just("lost"),  # taken in, but the answer never came
    st.just("partly"),
    st.just("answered"),
)


@dataclass
class World:
    """Records on the pad, a platform that stores them, and one of the two ways it answers."""

    count: int
    poison: frozenset[int]
    itemised: bool
    line: Line = FRESH
    stored: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    states: dict[str, DeliveryState] = field(default_factory=dict)
    batches: dict[str, str | None] = field(default_factory=dict)
    ids: Lots = field(default_factory=lambda: lots(0.75))

    def __post_init__(self) -> None:
        for number in range(self.count):
            self.states[f"r{number}"] = DeliveryState.PENDING
            self.batches[f"r{number}"] = None

    def is_poison(self, record: str) -> bool:
        return int(record[1:]) in self.poison

    def next_batch(self) -> Batch | None:
        """As the outbox does it, and the uploader's cut to the limit."""
        waiting = [record for record, state in self.states.items() if state is DeliveryState.PENDING]
        if not waiting:
            return None
        label = self.batches[waiting[0]]
        together = [each for each in waiting if self.batches[each] == label]
        members = tuple(together[: self.line.limit])
        if label is None or len(members) < len(together):
            if label is not None:
                rest = self.ids.batch_id()
                self.batches |= dict.fromkeys(together, rest)
            label = self.ids.batch_id()
        return Batch(label, members)

    def take(self, batch: Batch) -> Answer:
        """The platform's honest answer."""
        if self.itemised:
            return Itemised(tuple(self._one(each) for each in batch.members))
        if any(self.is_poison(each) for each in batch.members):
            return WholeRefused("no")
        if any(each in self.stored for each in batch.members):
            return WholeDuplicate()
        self.stored += batch.members
        return WholeAccepted()

    def _one(self, record: str) -> Result:
        if self.is_poison(record):
            return result(record, REFUSED)
        if record in self.stored:
            return result(record, DUPLICATE)
        self.stored.append(record)
        return result(record, ACCEPTED)

    def answer(self, batch: Batch, how: Answer | str) -> Answer:
        if not isinstance(how, str):
            return how
        honest = self.take(batch)
        if how == "lost":
            return NoAnswer("lost")
        if how == "partly" and isinstance(honest, Itemised):
            return Itemised(honest.results[::2])
        return honest

    def attempt(self, how: Answer | str) -> Decision | None:
        batch = self.next_batch()
        if batch is None:
            return None
        decision = policy.decide(self.line, batch, self.answer(batch, how), RULES, self.ids)
        self.line = decision.line
        self.sent += batch.members
        for member, fate in zip(batch.members, decision.fates, strict=True):
            self.states[member], self.batches[member] = fate.state, fate.batch
        return decision


@given(
    count=st.integers(1, 30),
    poison=st.frozensets(st.integers(0, 29), max_size=5),
    itemised=st.booleans(),
    script=st.lists(UNRELIABLE, max_size=40),
)
def test_whatever_is_answered_each_good_record_arrives_once_and_poison_blocks_nobody(
    count: int, poison: frozenset[int], itemised: bool, script: list[Answer | str]
) -> None:
    world = World(count, poison, itemised)
    longest = max(RULES.retry_after_cap_s + RULES.backoff_cap_s, RULES.refused_probe_s)
    hows = deque(script)
    for _ in range(len(script) + 12 * count):
        before = dict(world.states)
        decision = world.attempt(hows.popleft() if hows else "answered")
        if decision is None:
            break
        assert 0 <= decision.wait_s <= longest
        assert 1 <= world.line.limit <= RULES.batch
        settled = [record for record, state in before.items() if state is not DeliveryState.PENDING]
        assert all(world.states[record] == before[record] for record in settled)
    assert world.next_batch() is None
    for record, state in world.states.items():
        wanted = DeliveryState.REFUSED if world.is_poison(record) else DeliveryState.ACKNOWLEDGED
        assert state is wanted
    good = [record for record in world.states if not world.is_poison(record)]
    assert world.stored == good  # each once, and in the order of seq
    firsts = list(dict.fromkeys(world.sent))
    assert firsts == list(world.states)


@given(answers=st.lists(UNRELIABLE.filter(lambda how: not isinstance(how, str)), min_size=1, max_size=60))
def test_a_platform_that_never_answers_settles_nothing(answers: list[Answer]) -> None:
    world = World(5, frozenset(), itemised=True)
    for answer in answers:
        world.attempt(answer)
    assert set(world.states.values()) == {DeliveryState.PENDING}
