"""A client, a card, a provider and a diary in one small world, for trying every order of what can happen to a fee."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from daybook.core import ledger
from daybook.core.ledger import Account, Entry
from daybook.core.money import Money
from daybook.core.payments import (
    Attempt,
    Progress,
    State,
    Totals,
    entries,
    follow,
    newer,
    share_out,
    together,
)
from daybook.core.payments_plan import Case, Meeting, Next, Policy, Step, earning, next_step, stage_of
from daybook.core.payments_refunds import Tier, Who, kept, percent_back

from .zones import utc

START = utc("2026-03-08 16:00")  # the day clocks go forward in Denver
FEE = 15_000


@dataclass
class Paper:
    """One attempt as the provider has it, with everything it ever looked like."""

    now: Attempt
    seen: list[Attempt] = field(default_factory=list)
    reserves: bool = False

    def become(self, **changes: object) -> None:
        self.now = replace(self.now, **changes)  # type: ignore[arg-type]
        self.seen.append(self.now)


@dataclass
class World:
    """The provider's papers, the diary, and Daybook's books of one fee."""

    policy: Policy
    tiers: tuple[Tier, ...]
    into: Account
    no_show_percent: int = 100
    now: datetime = START - timedelta(days=20)
    meeting: Meeting = field(default_factory=lambda: Meeting("held", "", START, START + timedelta(hours=1)))
    papers: list[Paper] = field(default_factory=list)
    cancelled: tuple[Who, datetime] | None = None
    waived: int = 0
    # Daybook's own
    known: dict[int, Attempt] = field(default_factory=dict)
    card: bool = False
    off: bool = False
    state: State = State.DUE
    book: list[Entry] = field(default_factory=list)
    told: int = 0

    # --- what Daybook knows ---

    def totals(self) -> Totals:
        return together(self.known.values(), card=self.card, off=self.off)

    def sight(self, number: int, attempt: Attempt) -> None:
        """Something was seen of an attempt, maybe of long ago."""
        before = self.known.get(number, Attempt())
        after = newer(before, attempt)
        was = self.totals()
        self.book += entries(before, after, into=self.into, balances=ledger.balances(self.book))
        self.known[number] = after
        self._now(was)

    def know(self, *, card: bool | None = None, off: bool | None = None) -> None:
        was = self.totals()
        self.card = self.card if card is None else card
        self.off = self.off if off is None else off
        self._now(was)

    def _now(self, was: Totals) -> None:
        self.state = follow(self.state, was, self.totals())
        entry = earning(self.case(), ledger.balances(self.book), into=self.into)
        if entry is not None:
            self.book.append(entry)

    def keep(self) -> int:
        if self.cancelled:
            who, at = self.cancelled
            back = percent_back(self.tiers, by=who, start=self.meeting.start, at=at)
        elif self.meeting.outcome == "no_show":
            back = self.no_show_percent
        else:
            back = 100
        return kept(Money(FEE), back).cents

    def case(self) -> Case:
        stage = stage_of(self.meeting, self.now)
        return Case(self.policy, stage, self.state, self.totals(), FEE - self.waived, self.keep())

    # --- what the worker does ---

    def work(self, *, sees: bool = True) -> Step:
        """One step of Daybook's; it looks first at everything, unless it has to go by what it knows."""
        if sees:
            for number, paper in enumerate(self.papers):
                self.sight(number, paper.now)
        self._now(self.totals())
        wanted = next_step(self.case())
        self._do(wanted)
        return wanted.step

    def _do(self, wanted: Next) -> None:
        match wanted.step:
            case Step.ASK_TO_PAY | Step.ASK_TO_HOLD:
                if not any(paper.now.progress is Progress.OPEN for paper in self.papers):
                    self.papers.append(
                        Paper(Attempt(), [Attempt()], reserves=wanted.step is Step.ASK_TO_HOLD)
                    )
            case Step.HOLD_CARD:
                self.papers.append(Paper(Attempt(), [Attempt()], reserves=True))
                self.papers[-1].become(progress=Progress.HELD, held=wanted.cents)
            case Step.CHARGE_CARD:
                self.papers.append(Paper(Attempt(), [Attempt()]))
                self.papers[-1].become(progress=Progress.TAKEN, captured=wanted.cents)
            case Step.CAPTURE:
                for paper in self.papers:
                    if paper.now.held:
                        taken = min(wanted.cents, paper.now.held)
                        paper.become(progress=Progress.TAKEN, held=0, captured=taken)
                        break
            case Step.RELEASE:
                for paper in self.papers:
                    if paper.now.held:
                        paper.become(progress=Progress.RELEASED, held=0)
            case Step.REFUND:
                for number, cents in share_out(wanted.cents, self.known.items()):
                    now = self.papers[number].now
                    if (
                        now.refunded == self.known[number].refunded
                    ):  # the provider's idempotency key says the same
                        self.papers[number].become(refunded=now.refunded + min(cents, now.net))
            case Step.CALL_OFF:
                self.know(off=True)
            case Step.RETAKE:
                self.meeting = replace(self.meeting, state="confirmed")
            case Step.TELL_FIRM:
                self.told += 1

    def settle(self) -> list[Step]:
        """Work until nothing is left to do."""
        steps = []
        for _ in range(30):
            steps.append(self.work())
            if steps[-1] in (
                Step.NOTHING,
                Step.TELL_FIRM,
                Step.ASK_FOR_CARD,
                Step.ASK_TO_PAY,
                Step.ASK_TO_HOLD,
            ):
                self.work()
                return steps
        raise AssertionError(f"the steps feed each other: {steps[-6:]}")
