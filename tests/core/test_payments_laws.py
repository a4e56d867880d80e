"""What holds of a fee's money whatever happens, in whatever order, however often it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from daybook.core import ledger
from daybook.core.ledger import Account
from daybook.core.payments import EMPTY, Progress, State
from daybook.core.payments_plan import Policy, Stage, stage_of
from daybook.core.payments_refunds import ALL_BACK, Tier, Who

from .paying_world import FEE, START, Paper, World

Deed = tuple[str, int]


def _open(world: World, number: int) -> Paper | None:
    waiting = [one for one in world.papers if one.now.progress is Progress.OPEN]
    return waiting[number % len(waiting)] if waiting else None


def pay(world: World, number: int) -> None:
    """The client pays on a page, maybe on one that was shown long ago."""
    paper = _open(world, number)
    if paper is not None and paper.reserves:
        paper.become(progress=Progress.HELD, held=FEE)
    elif paper is not None:
        paper.become(progress=Progress.TAKEN, captured=FEE)


def decline(world: World, number: int) -> None:
    paper = _open(world, number)
    if paper is not None:
        paper.become(declines=paper.now.declines + 1)


def save_card(world: World, number: int) -> None:
    world.know(card=True)


def lapse(world: World, number: int) -> None:
    for paper in world.papers:
        if paper.now.held:
            paper.become(progress=Progress.LAPSED, held=0)


def dispute(world: World, number: int) -> None:
    for paper in world.papers:
        if paper.now.net > 0 and not paper.now.disputed:
            paper.become(opened=paper.now.opened + paper.now.net)


def decide(world: World, number: int) -> None:
    won = number % 2 == 0
    for paper in world.papers:
        if paper.now.disputed and won:
            paper.become(won=paper.now.won + paper.now.disputed)
        elif paper.now.disputed:
            paper.become(lost=paper.now.lost + paper.now.disputed)


def bounce(world: World, number: int) -> None:
    for paper in world.papers:
        if paper.now.returned:
            paper.become(bounced=paper.now.refunded)


def old_news(world: World, number: int) -> None:
    """A sight of some attempt as it was at some time, once more."""
    if world.papers:
        index = number % len(world.papers)
        history = world.papers[index].seen
        world.sight(index, history[number % len(history)])


def confirm(world: World, number: int) -> None:
    if world.meeting.state == "held":
        world.meeting = replace(world.meeting, state="confirmed")


def run_out(world: World, number: int) -> None:
    if world.meeting.state == "held":
        world.meeting = replace(world.meeting, state="expired")


def sold(world: World, number: int) -> None:
    if world.meeting.state == "expired":
        world.meeting = replace(world.meeting, gone=True)


def cancel(world: World, number: int) -> None:
    if world.meeting.state in ("held", "confirmed") and world.meeting.outcome != "attended":
        world.cancelled = (Who.FIRM if number % 2 else Who.CLIENT, world.now)
        world.meeting = replace(world.meeting, state="cancelled", outcome="")


def move(world: World, number: int) -> None:
    if world.meeting.state == "confirmed":
        by = timedelta(days=number % 30 - 10)
        world.meeting = replace(world.meeting, start=world.meeting.start + by, end=world.meeting.end + by)


def attend(world: World, number: int) -> None:
    if world.meeting.state == "confirmed":
        world.meeting = replace(world.meeting, outcome=("attended", "no_show", "")[number % 3])


def waive(world: World, number: int) -> None:
    world.waived = max(world.waived, number * 997 % (FEE + 1))


def wait(world: World, number: int) -> None:
    world.now += timedelta(hours=4 * number)


def work(world: World, number: int) -> None:
    world.work(sees=number % 3 != 0)


DEEDS: dict[str, Callable[[World, int], None]] = {
    deed.__name__: deed
    for deed in (
        pay, decline, save_card, lapse, dispute, decide, bounce, old_news, confirm, run_out, sold, cancel, move,
        attend, waive, wait, work,
    )
}  # fmt: skip

TIERS = (ALL_BACK, (Tier(48, 100), Tier(24, 50)), (Tier(24, 100),), ())


#: What has happened already when a story begins, so that most stories are about money.
BEGINNINGS: tuple[tuple[Deed, ...], ...] = (
    (),
    (("work", 1), ("pay", 0)),
    (("work", 1), ("pay", 0), ("work", 1), ("confirm", 0), ("work", 1)),
    (("save_card", 0), ("confirm", 0), ("wait", 101), ("work", 1)),
    (("save_card", 0), ("confirm", 0), ("wait", 101), ("work", 1), ("wait", 40), ("attend", 0), ("work", 1)),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World(
        policy=draw(st.sampled_from(Policy)),
        tiers=draw(st.sampled_from(TIERS)),
        into=draw(st.sampled_from((Account.TRUST, Account.OPERATING))),
        no_show_percent=draw(st.sampled_from((100, 50, 0))),
    )
    for name, number in draw(st.sampled_from(BEGINNINGS)):
        DEEDS[name](world, number)
    return world


#: What moves money comes up more often than what does not.
OFTEN = ["work", "pay", "work", "lapse", "dispute", "decide", "old_news", "cancel", "attend"]
deeds = st.lists(st.tuples(st.sampled_from([*DEEDS, *OFTEN]), st.integers(0, 120)), max_size=16)


def run(world: World, done: list[Deed]) -> None:
    for name, number in done:
        DEEDS[name](world, number)
        hold_together(world)


def hold_together(world: World) -> None:
    """What is true at every moment, also in the middle."""
    assert all(sum(line.cents for line in entry.lines) == 0 for entry in world.book)
    totals, at = world.totals(), ledger.balances(world.book)
    assert sum(at.values()) == 0
    assert at[Account.HELD] == -at[Account.CARD] == totals.held
    assert at[Account.DISPUTED] == totals.disputed
    assert at[Account.TRUST] + at[Account.OPERATING] == totals.net
    assert at[Account.TRUST] >= 0
    if world.into is Account.OPERATING:
        assert at[Account.TRUST] == 0
    agree(world)


def agree(world: World) -> None:
    """State and amounts say the same."""
    totals, state = world.totals(), world.state
    money = totals.net + totals.disputed > 0
    assert (state is State.DISPUTED) == (totals.disputed > 0)
    if state in EMPTY:
        assert not money
        assert not totals.held
    if state is State.HELD:
        assert totals.held > 0
        assert not money
    if state is State.CAPTURED:
        assert totals.net > 0
        assert totals.returned == 0
    if state is State.PARTLY_REFUNDED:
        assert totals.net > 0
        assert totals.returned > 0
    if state is State.LOST:
        assert totals.lost > 0


@given(worlds(), deeds)
@settings(max_examples=80, deadline=None)
def test_any_order_of_events_leaves_books_and_state_in_agreement(world: World, done: list[Deed]) -> None:
    run(world, done)


@given(worlds(), deeds)
@settings(max_examples=60, deadline=None)
def test_in_the_end_the_firm_has_no_more_than_it_may_have(world: World, done: list[Deed]) -> None:
    run(world, done)
    world.settle()
    hold_together(world)
    totals, case = world.totals(), world.case()
    if totals.disputed:
        return
    if totals.bounced:
        assert world.told or totals.net <= case.ceiling
        return
    assert totals.net <= case.ceiling
    if case.stage in (Stage.CANCELLED, Stage.GONE, Stage.NO_SHOW):
        assert totals.net <= world.keep()
        assert totals.held == 0


@given(worlds(), deeds)
@settings(max_examples=50, deadline=None)
def test_nothing_is_given_back_twice(world: World, done: list[Deed]) -> None:
    run(world, done)
    world.settle()
    before = [paper.now for paper in world.papers]
    for index, paper in enumerate(world.papers):
        for sight in paper.seen:
            world.sight(index, sight)
    world.settle()
    assert [paper.now for paper in world.papers] == before
    assert all(paper.now.returned <= paper.now.captured for paper in world.papers)


@given(worlds(), deeds, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_books_do_not_depend_on_the_order_in_which_news_arrives(
    world: World, done: list[Deed], random: object
) -> None:
    run(world, done)
    news = [(index, sight) for index, paper in enumerate(world.papers) for sight in paper.seen]
    books = []
    for _ in range(2):
        random.shuffle(news)  # type: ignore[attr-defined]
        reader = World(world.policy, world.tiers, world.into, meeting=world.meeting, now=world.now)
        for index, sight in news:
            reader.sight(index, sight)
            hold_together(reader)
        books.append((reader.totals(), reader.known))
    assert books[0] == books[1]
    assert books[0][1] == {index: paper.now for index, paper in enumerate(world.papers)}


@given(worlds(), deeds)
@settings(max_examples=50, deadline=None)
def test_a_cancelled_meeting_takes_no_more_money(world: World, done: list[Deed]) -> None:
    """Beyond what the terms leave the firm, nothing is taken after the cancellation but by the client's own hand."""
    run(world, done)
    if stage_of(world.meeting, world.now) is not Stage.CANCELLED:
        return
    for index, paper in enumerate(world.papers):
        world.sight(index, paper.now)
    had = world.totals()
    world.settle()
    assert world.totals().captured - had.captured <= max(0, world.keep() - max(0, had.net))


def test_a_meeting_attended_after_a_hold_is_paid_and_earned() -> None:
    world = World(Policy.HOLD_LATER, ALL_BACK, Account.OPERATING)
    run(world, [("save_card", 0), ("confirm", 0), ("work", 1)])
    assert world.state is State.CARD_SAVED
    world.now = START - timedelta(days=3)
    world.settle()
    assert world.state is State.HELD
    world.now = START + timedelta(hours=2)
    assert world.settle() == [world.work()]
    assert world.state is State.HELD, "nobody has said that it took place"
    attend(world, 0)
    world.settle()
    at = ledger.balances(world.book)
    assert world.state is State.CAPTURED
    assert (at[Account.OPERATING], at[Account.EARNED], at[Account.CLIENT]) == (FEE, -FEE, 0)


def test_money_taken_ahead_lies_in_trust_until_the_meeting_took_place() -> None:
    world = World(Policy.PAY_NOW, ALL_BACK, Account.TRUST)
    world.work()
    run(world, [("pay", 0), ("work", 1), ("confirm", 0), ("work", 1)])
    assert ledger.balances(world.book)[Account.TRUST] == FEE
    world.now = START + timedelta(hours=2)
    attend(world, 0)
    world.settle()
    at = ledger.balances(world.book)
    assert (at[Account.TRUST], at[Account.OPERATING], at[Account.EARNED]) == (0, FEE, -FEE)
    attend(world, 2)  # the outcome is taken back
    world.settle()
    at = ledger.balances(world.book)
    assert (at[Account.TRUST], at[Account.OPERATING], at[Account.EARNED]) == (FEE, 0, 0)
