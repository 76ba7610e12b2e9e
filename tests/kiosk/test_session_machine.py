"""Whatever happens in whatever order: no tap is lost, none counts twice, nobody is thanked too early."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kiosk.events import (
    Cancel,
    CardFailed,
    CardRead,
    CardTrouble,
    CheckPin,
    DeclineReason,
    DeviceChanged,
    DeviceState,
    EndVisit,
    Enrol,
    EnrolmentScanned,
    EnrolmentTold,
    EnterPin,
    EraseDigits,
    Event,
    ForgetIdentity,
    FoundRated,
    GivePhone,
    HoldCorners,
    Invite,
    KeepDraft,
    Key,
    LeaveTechnician,
    OpenVisit,
    Page,
    PinChecked,
    PressDigit,
    RatedElsewhere,
    Save,
    ServiceMode,
    SetService,
    SignIn,
    SignOut,
    SlipScanned,
    StorageChanged,
    Stored,
    StoreFailed,
    Submit,
    Tap,
    Tick,
    ToggleIndicator,
    TouchDown,
    TouchUp,
    TurnSample,
    TurnTo,
    Withdraw,
    WriteComment,
)
from kiosk.phases import (
    Asking,
    Forestalled,
    Inviting,
    RatedByPhone,
    Rating,
    Saving,
    Session,
    Technician,
    Thanking,
    current_visit,
    is_busy,
    ring_ends_ns,
)
from kiosk.session import handle
from kiosk.view import ScreenName, view_of
from pad.codes import Level
from pad.enrolment import Enrolment, Outcome
from pad.indicators import Catalogue, Indicator
from pad.model import Instant, Matter, Staff, VisitOutcome
from pad.settings import RatingRules, WalkAway
from tests.kiosk.trace import START, S

CATALOGUE = Catalogue("t", tuple(Indicator(f"{level.value}10", level, "x", False) for level in Level))
PHONE = "13812345678"
CARD = CardRead("欧阳明月", "50022219900101123X")
QUIET: tuple[Event, ...] = (
    Submit(), DeclineReason(), Withdraw(), TouchDown(), TouchUp(), SignOut(), HoldCorners(),
    LeaveTechnician(), EnterPin(), PinChecked(right=False), TurnSample(0), GivePhone(),
    ForgetIdentity(), EraseDigits(), EnrolmentScanned(Enrolment("https://hcp.example", "ABCD-EFGH")),
    Enrol(), *map(EnrolmentTold, Outcome),
    *map(TurnTo, Page), *map(CardFailed, CardTrouble),
    *(DeviceChanged(name, state) for name in ("idcard", "keypad") for state in DeviceState),
)  # fmt: skip


class Window(RuleBasedStateMachine):
    """A window with a disk that may fail, and a model of what each visit must come to."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(RatingRules())
        self.now_ns = 0
        self.count = 0
        self.opened: list[str] = []
        self.matters: dict[str, str] = {}
        self.ended: dict[str, VisitOutcome] = {}
        self.on_disk: dict[str, Level] = {}
        self.in_hand: Save | None = None
        self.tapped: dict[str, Level] = {}
        self.pin_asked = False
        self.on_phone: set[str] = set()

    def instant(self) -> Instant:
        return Instant(START + timedelta(microseconds=self.now_ns // 1000), "b", self.now_ns, trusted=True)

    def post(self, event: Event) -> None:
        before = self.session
        step = handle(before, event, self.instant())
        self.session = step.session
        if is_busy(before) and not isinstance(event, Tick):
            assert not any(isinstance(each, OpenVisit) for each in step.effects)
        for effect in step.effects:
            match effect:
                case OpenVisit(visit):
                    self.opened.append(visit.id)
                case KeepDraft(draft):
                    self.tapped[draft.visit_id] = draft.level
                case EndVisit(end):
                    assert end.visit_id not in self.ended, "a visit ends once"
                    assert end.visit_id not in self.on_disk
                    self.ended[end.visit_id] = end.outcome
                case CheckPin():
                    self.pin_asked = True
                case Save(rating):
                    assert rating.rater.mobile in ("", PHONE)
                    assert rating.visit.id not in self.on_disk, "a rating is saved once"
                    assert rating.draft.level is self.tapped[rating.visit.id]
                    self.in_hand = effect

    @rule(seconds=st.sampled_from([0.05, 0.2, 0.5, 1, 9, 31, 61, 200]))
    def time_passes(self, seconds: float) -> None:
        self.now_ns += int(seconds * S)
        self.post(Tick())

    @rule(same_matter=st.booleans(), timeout=st.sampled_from([None, 5.0]))
    def the_clerk_invites(self, same_matter: bool, timeout: float | None) -> None:
        self.count += 1
        visit_id = f"v{self.count}"
        matter = "P0" if same_matter else f"P{self.count}"
        self.matters[visit_id] = matter
        rated = any(self.matters[each] == matter for each in {*self.on_disk, *self.on_phone})
        self.post(Invite(visit_id, Matter(project_no=matter), timeout, already_rated=rated))

    @rule(same_matter=st.booleans())
    def a_slip_is_scanned(self, same_matter: bool) -> None:
        self.count += 1
        visit_id = f"v{self.count}"
        matter = "P0" if same_matter else f"P{self.count}"
        self.matters[visit_id] = matter
        rated = any(self.matters[each] == matter for each in {*self.on_disk, *self.on_phone})
        before = current_visit(self.session)
        self.post(SlipScanned(Invite(visit_id, Matter(project_no=matter), already_rated=rated)))
        if before is not None and before.matter.project_no == matter:
            assert current_visit(self.session) is before, "who scans a slip twice is not asked anew"

    @rule(level=st.sampled_from(Level), late=st.booleans())
    def somebody_taps(self, level: Level, late: bool) -> None:
        visit = current_visit(self.session)
        self.post(Tap(level, visit_id="gone" if late else visit.id if visit else ""))

    @rule(level=st.sampled_from(Level))
    def a_key_is_pressed(self, level: Level) -> None:
        saved = self.in_hand
        self.post(Key(level))
        assert self.in_hand is saved, "no key sends a rating by itself"

    @rule()
    def a_phone_number_is_typed(self) -> None:
        for digit in PHONE:
            self.post(PressDigit(digit))

    @rule()
    def a_card_is_put_on_the_reader(self) -> None:
        self.post(CARD)

    @precondition(lambda self: self.pin_asked)
    @rule(right=st.booleans())
    def the_pin_is_compared(self, right: bool) -> None:
        self.pin_asked = False
        self.post(PinChecked(right))

    @rule(event=st.sampled_from(QUIET))
    def something_is_pressed(self, event: Event) -> None:
        self.post(event)

    @rule(code=st.sampled_from(["110", "210", "310", "410", "510"]))
    def an_indicator_is_pressed(self, code: str) -> None:
        self.post(ToggleIndicator(code))

    @rule(text=st.text(max_size=200))
    def something_is_written(self, text: str) -> None:
        self.post(WriteComment(text))

    @rule(mode=st.sampled_from(ServiceMode))
    def the_clerk_changes_the_service(self, mode: ServiceMode) -> None:
        self.post(SetService(mode))

    @rule()
    def the_clerk_signs_in(self) -> None:
        self.post(SignIn(Staff("1", "王芳")))

    @rule(which=st.integers(0, 3))
    def the_clerk_cancels(self, which: int) -> None:
        if self.opened:
            self.post(Cancel(self.opened[-1 - which % len(self.opened)], "1", "x"))

    @rule(which=st.integers(0, 3))
    def a_phone_rates(self, which: int) -> None:
        """The news of any visit there was; what is on disk here came first."""
        if not self.opened:
            return
        visit_id, before = self.opened[-1 - which % len(self.opened)], self.session
        visit = current_visit(before)
        matter = self.matters[visit_id]
        if not any(self.matters[each] == matter for each in self.on_disk):
            self.on_phone.add(visit_id)
        self.post(RatedElsewhere(visit_id))
        if visit is not None and visit.id == visit_id and isinstance(before.phase, Inviting | Rating):
            assert self.ended[visit_id] is VisitOutcome.RATED
            told = Forestalled if isinstance(before.phase, Rating) else RatedByPhone
            assert isinstance(self.session.phase, told)
        else:
            assert self.session.phase == before.phase

    @precondition(lambda self: self.in_hand is not None)
    @rule(outcome=st.sampled_from(["stored", "stored", "failed", "rated before"]))
    def the_disk_answers(self, outcome: str) -> None:
        assert self.in_hand is not None
        rating, self.in_hand = self.in_hand.rating, None
        visit_id = rating.visit.id
        if visit_id in self.on_phone and outcome == "stored":
            self.ended[visit_id] = VisitOutcome.RATED
            self.post(FoundRated(visit_id, on_phone=True))
        elif outcome == "stored":
            self.on_disk[visit_id] = rating.draft.level
            self.post(Stored(visit_id))
        elif outcome == "failed":
            self.post(StoreFailed(visit_id))
        else:
            self.ended[visit_id] = VisitOutcome.CANCELLED
            self.post(FoundRated(visit_id))

    @rule(ready=st.booleans())
    def the_disk_fills_or_clears(self, ready: bool) -> None:
        self.post(StorageChanged(ready))

    @invariant()
    def every_tapped_visit_is_going_on_or_on_disk_or_taken_back(self) -> None:
        going_on = current_visit(self.session)
        for visit_id in self.tapped:
            taken_back = self.ended.get(visit_id) in (VisitOutcome.WITHDRAWN, VisitOutcome.CANCELLED)
            here = going_on is not None and going_on.id == visit_id
            by_phone = self.ended.get(visit_id) is VisitOutcome.RATED
            assert not by_phone or visit_id in self.on_phone
            assert here + (visit_id in self.on_disk) + taken_back + by_phone == 1

    @invariant()
    def nobody_is_thanked_before_the_rating_is_on_disk(self) -> None:
        if isinstance(self.session.phase, Thanking):
            assert self.session.phase.visit_id in self.on_disk

    @invariant()
    def a_matter_has_at_most_one_rating(self) -> None:
        rated = [self.matters[visit_id] for visit_id in self.on_disk]
        assert len(rated) == len(set(rated))

    @invariant()
    def the_screen_follows_the_session(self) -> None:
        view = view_of(self.session, CATALOGUE)
        visit = current_visit(self.session)
        assert (view.visit_id == (visit.id if visit else "")) or view.screen is ScreenName.CANNOT_STORE
        if isinstance(self.session.phase, Rating):
            assert view.level is self.session.phase.draft.level
            assert view.can_submit or view.may_decline_reason, "there is always a way to finish"

    @invariant()
    def what_is_personal_is_never_shown(self) -> None:
        seen = repr(view_of(self.session, CATALOGUE))
        assert PHONE not in seen
        assert CARD.name not in seen
        assert CARD.number not in seen

    @invariant()
    def nothing_of_a_person_outlives_the_visit(self) -> None:
        if not isinstance(self.session.phase, Rating | Saving):
            held = (self.session.phase, self.session.cursor, self.session.touched_ns)
            assert not any(getattr(held[0], name, "") for name in ("comment", "phone", "indicators"))
            assert not getattr(held[0], "rater", None)

    @invariant()
    def the_technician_is_never_in_the_way_of_a_visit(self) -> None:
        if isinstance(self.session.phase, Asking | Technician):
            assert current_visit(self.session) is None
            assert ring_ends_ns(self.session) is not None

    @invariant()
    def whoever_waits_is_not_forgotten(self) -> None:
        visit = current_visit(self.session)
        if visit is not None and not isinstance(self.session.phase, Saving):
            assert ring_ends_ns(self.session) is not None


class WindowThatDiscards(Window):
    """The same where the city does not count a tap without a submission."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(RatingRules(walk_away=WalkAway.DISCARD))

    @invariant()
    def every_tapped_visit_is_going_on_or_on_disk_or_taken_back(self) -> None:
        for visit_id, outcome in self.ended.items():
            assert not (visit_id in self.on_disk and outcome is not VisitOutcome.RATED)


TestWindow = Window.TestCase
TestWindowThatDiscards = WindowThatDiscards.TestCase
TestWindow.settings = settings(max_examples=200, stateful_step_count=40)
TestWindowThatDiscards.settings = settings(max_examples=60, stateful_step_count=40)
