"""The directory: who is found, in which order, with which times; and that every change is noticed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from daybook.appointments import operations as appointments
from daybook.appointments.models import AppointmentType, TeamMember
from daybook.calendars import operations as calendars
from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse
from daybook.core import finding
from daybook.core.finding import When
from daybook.core.hours import WeeklyHours, to_local
from daybook.directory import operations, search
from daybook.directory.models import Listing, Stale
from daybook.directory.search import CIRCLE, Found, Place, Wish
from daybook.firms import operations as firms
from daybook.firms.models import Firm, Lawyer
from daybook.sync.models import Connection
from tests.cast import DANA, NINE_TO_FIVE, NOW, Cast, at, hart_and_vale, marsh

pytestmark = pytest.mark.django_db
DENVER = "America/Denver"
TUESDAY = date(2026, 11, 24)
ANY = Wish(finding.soon(DENVER, NOW))


@pytest.fixture
def cast(db: None) -> Cast:
    return hart_and_vale(NOW)


def listed(cast: Cast, lawyer: Lawyer | None = None, **profile: object) -> Lawyer:
    """Alice, or another of hers, in the directory."""
    lawyer = lawyer or cast.alice
    given = {"listed": True, "offer": None, "serves": [], "admissions": [], "certifications": []}
    operations.save(actor=cast.alice_actor, lawyer=lawyer, now=NOW, **(given | profile))
    return lawyer


def person(cast: Cast, name: str, weekly: WeeklyHours = NINE_TO_FIVE, **about: object) -> Lawyer:
    who = firms.add_lawyer(
        firm=cast.firm,
        name=name,
        email=f"{name.split()[0].lower()}@hartvale.example",
        time_zone=DENVER,
        now=NOW,
    )
    for field, value in about.items():
        setattr(who, field, value)
    who.save()
    calendars.save_hours(lawyer=who, weekly=weekly, now=NOW)
    AppointmentType.objects.create(
        firm=cast.firm, lawyer=who, name="First talk", slug="first-talk", minutes=30, step_minutes=30,
        notice_minutes=60, places=["video"], fee_cents=15_000,
    )  # fmt: skip
    return listed(cast, who)


def found(wish: Wish = ANY, seed: int = 0, after: Place | None = None, now: datetime = NOW) -> list[Found]:
    return search.search(wish, seed=seed, after=after or Place(), now=now).cards


def names(wish: Wish = ANY, **options: object) -> list[str]:
    return [one.lawyer.name for one in found(wish, **options)]


def tend() -> set[int]:
    """What the job does every minute; returns whose listing was made anew."""
    stale = operations.take_stale(NOW, 100)
    operations.refresh(stale, NOW)
    return set(stale)


def test_only_who_asked_to_be_is_in_the_directory(cast: Cast):
    assert names() == []
    listed(cast)
    assert names() == ["Alice Hart"]
    listed(cast, listed=False)
    assert names() == []


def test_a_card_shows_the_next_three_times_that_can_be_booked(cast: Cast):
    listed(cast)
    (card,) = found()
    on = NOW.date()
    assert card.times == tuple(
        at(cast.alice, on, hour, minute) for hour, minute in ((9, 0), (9, 30), (10, 0))
    )
    assert card.offer == cast.consultation


def test_an_evening_this_week_finds_who_works_late_and_nobody_else(cast: Cast):
    listed(cast)
    late = person(cast, "Ben Late", WeeklyHours({3: ((17 * 60, 20 * 60),)}))
    evening = Wish(When(DENVER, NOW.date(), NOW.date() + timedelta(days=6), 17 * 60))
    (card,) = found(evening)
    assert card.lawyer == late
    assert to_local(card.times[0], DENVER).isoformat(" ", "minutes").startswith("2026-11-26 17:00")


@pytest.mark.parametrize(
    "wish",
    [
        {"area": "FAMILY law"},
        {"language": "español"},
        {"place": "Colorado"},
        {"kind": "video"},
        {"words": "flor"},
        {"words": "hart FLO"},
        {"fee_cents": 15_000, "kind": "video"},
        {
            "area": "family law",
            "language": "Español",
            "place": "colorado",
            "kind": "video",
            "words": "flores",
        },
    ],
)
def test_every_part_of_a_wish_finds_whom_it_fits(cast: Cast, wish: dict[str, object]):
    listed(cast)
    flor = person(cast, "Flora Flóres", practice_areas=["Family law"], languages=["Español"])
    listed(cast, flor, serves=["Colorado"])
    assert names(replace(ANY, **wish)) == ["Flora Flóres"]


@pytest.mark.parametrize(
    "wish",
    [{"fee_cents": 14_999}, {"area": "Tax"}, {"words": "zz"}, {"words": "'); --"}, {"place": "Atlantis"}],
)
def test_whom_it_does_not_fit_is_not_found(cast: Cast, wish: dict[str, object]):
    person(cast, "Flora Flóres", practice_areas=["Family law"])
    assert names(replace(ANY, **wish)) == (["Flora Flóres"] if wish == {"words": "'); --"} else [])


def test_who_can_be_seen_earlier_comes_first_and_equals_stand_in_an_order_of_the_visitors(cast: Cast):
    person(cast, "Zoe Later", WeeklyHours({4: ((540, 1020),)}))
    for number in range(8):
        person(cast, f"Soon{number} Today")
    orders = [tuple(names(seed=seed)) for seed in range(0, CIRCLE, CIRCLE // 24)]
    assert all(order[-1] == "Zoe Later" for order in orders)
    assert len({order[0] for order in orders}) > 3, "not always the same one is first"
    assert names(seed=7) == names(seed=7)
    tomorrow = NOW + timedelta(days=1)
    places = {one.pk: operations.place_in_order(one.pk, tomorrow) for one in Lawyer.objects.all()}
    assert places != dict(Listing.objects.values_list("pk", "shuffle")), "another day, another order"


def test_pages_follow_each_other_without_a_gap_or_a_double(cast: Cast):
    for number in range(27):
        weekly = NINE_TO_FIVE if number % 3 else WeeklyHours({4: ((540, 1020),)})
        person(cast, f"Person{number} Someone", weekly)
    orders = set()
    for many, reach in ((0, 20_000), (0, 12), (0, 22), (10**9, 0)):
        seen: list[str] = []
        after: Place | None = Place()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search, "_MANY", many)  # both ways of looking
            patch.setattr(search, "_REACH", reach)
            while after is not None:
                page = search.search(ANY, seed=12345678, after=Place.read(str(after)), now=NOW)
                seen += [one.lawyer.name for one in page.cards]
                after = page.following
        orders.add(tuple(seen))
        assert len(seen) == 27
        assert Counter(seen).most_common(1)[0][1] == 1
    assert len(orders) == 1


def test_both_ways_of_looking_give_the_same_order(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    for number in range(12):
        person(cast, f"Person{number} Someone", languages=["Spanish"] if number % 2 else [])
    for wish in (ANY, replace(ANY, language="Spanish")):
        for seed in (0, 1, CIRCLE // 2, CIRCLE - 1):
            ways = []
            for many in (0, 10**9):
                monkeypatch.setattr(search, "_MANY", many)
                ways.append(names(wish, seed=seed))
            assert ways[0] == ways[1]


def test_the_minute_s_work_goes_through_everybody_who_changed_and_stops_at_its_limit(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(operations, "_AT_ONCE", 2)
    for number in range(5):
        person(cast, f"Person{number} Someone")
    operations.tend(NOW, 100)
    Lawyer.objects.update(title="Partner")
    assert operations.tend(NOW, 3) == 3
    assert operations.tend(NOW, 100) == 2
    assert operations.tend(NOW, 100) == 0


def test_nonsense_in_a_page_address_is_the_first_page():
    for text in ("", "1", "a.b.c", "9.1.1", "0.99999999999.1", "1.2.3.4", "-1.0.0", "٣.1.1"):
        assert Place.read(text) == Place()


def test_a_time_just_taken_is_not_offered_though_the_listing_is_older(cast: Cast):
    listed(cast, person(cast, "Ben One", WeeklyHours({1: ((540, 570),)})))
    wish = Wish(When(DENVER, TUESDAY, TUESDAY))
    assert names(wish) == ["Ben One"]
    ben = Lawyer.objects.get(name="Ben One")
    appointments.hold(
        appointment_type=AppointmentType.objects.get(lawyer=ben),
        start=at(ben, TUESDAY, 9),
        hold_key="k",
        now=NOW,
    )
    assert names(wish) == []


def test_a_profile_that_claims_too_much_is_refused_with_the_rule(cast: Cast):
    cast.alice.about = "The best custody specialist in Denver."
    cast.alice.save()
    with pytest.raises(operations.ClaimRefused) as refused:
        listed(cast)
    assert "specialist" in refused.value.text
    assert "7.2(c)" in refused.value.text
    cast.alice.about = "A certified family law specialist."
    cast.alice.save()
    listed(cast, certifications=[{"field": "Family law", "by": "State Bar of California"}])


class TestEveryChangeIsNoticed:
    @pytest.fixture(autouse=True)
    def _listed(self, cast: Cast) -> None:
        listed(cast)
        tend()
        assert not Stale.objects.exists()

    def test_an_appointment_and_its_cancellation(self, cast: Cast):
        made = appointments.book(
            actor=cast.alice_actor,
            appointment_type=cast.consultation,
            start=at(cast.alice, TUESDAY, 10),
            details=DANA,
            now=NOW,
        )
        assert tend() == {cast.alice.pk}
        appointments.cancel(appointment=made, by="firm", actor=cast.alice_actor, now=NOW)
        assert tend() == {cast.alice.pk}

    def test_hours_and_exceptions(self, cast: Cast):
        calendars.save_hours(lawyer=cast.alice, weekly=WeeklyHours({0: ((540, 600),)}), now=NOW)
        assert tend() == {cast.alice.pk}
        (listing,) = Listing.objects.all()
        assert len(listing.hours) == 4, "one hour on each of four Mondays"

    def test_a_calendar_read_anew_and_one_that_cannot_be_read(self, cast: Cast):
        joined = Connection.objects.create(
            firm=cast.firm, provider="clio", account_id="1", user_id="1", connected_at=NOW
        )
        calendar = Calendar.objects.create(
            firm=cast.firm, connection=joined, external_id="1", name="Alice", permission="owner",
            read_at=NOW, read_from=NOW, read_until=NOW + timedelta(days=370),
        )  # fmt: skip
        CalendarUse.objects.create(firm=cast.firm, lawyer=cast.alice, calendar=calendar)
        assert tend() == {cast.alice.pk}
        Calendar.objects.update(read_at=NOW + timedelta(minutes=1))
        assert tend() == set(), "being read is no news"
        BusyPeriod.objects.create(
            calendar=calendar, external_id="1", during=DateTimeTZRange(NOW, NOW + timedelta(days=60))
        )
        assert tend() == {cast.alice.pk}
        assert Listing.objects.get().hours == []
        calendars.mark_trouble(calendar=calendar, text="No.", final=True, now=NOW)
        assert tend() == {cast.alice.pk}

    def test_what_is_offered_and_who_offers_it(self, cast: Cast):
        cast.consultation.fee_cents = 9_900
        cast.consultation.save()
        assert tend() == {cast.alice.pk}
        assert Listing.objects.get().fee_cents == 9_900
        Lawyer.objects.filter(pk=cast.alice.pk).update(practice_areas=["Probate"])
        assert tend() == {cast.alice.pk}
        assert Listing.objects.get().facets == ["area:probate", "kind:phone"]
        Firm.objects.filter(pk=cast.firm.pk).update(subscription="ended")
        assert tend() == {cast.alice.pk}
        assert not Listing.objects.exists()
        Firm.objects.filter(pk=cast.firm.pk).update(subscription="active")
        assert tend() == {cast.alice.pk}
        assert Listing.objects.exists()
        AppointmentType.objects.update(active=False)
        assert tend() == {cast.alice.pk}
        assert not Listing.objects.exists()

    def test_the_time_of_whoever_is_met_in_ones_stead(self, cast: Cast):
        ben = person(cast, "Ben Vale")
        listed(cast, ben, listed=False)
        AppointmentType.objects.filter(pk=cast.consultation.pk).update(kind="round_robin")
        TeamMember.objects.create(appointment_type=cast.consultation, lawyer=ben, role="lead")
        tend()
        calendars.save_hours(lawyer=ben, weekly=WeeklyHours({}), now=NOW)
        assert tend() == {cast.alice.pk}

    def test_nobody_else_s(self, cast: Cast):
        carol = marsh(NOW)
        calendars.save_hours(lawyer=carol.alice, weekly=WeeklyHours({}), now=NOW)
        assert tend() == set(), "who is not listed marks nothing"

    def test_that_it_has_grown_old(self, cast: Cast):
        Listing.objects.update(refreshed_at=NOW - operations.OLDEST - timedelta(minutes=1))
        assert tend() == {cast.alice.pk}


@pytest.mark.parametrize(
    "now", [datetime(2026, 3, 7, 18, tzinfo=UTC), datetime(2026, 10, 31, 18, tzinfo=UTC)]
)
def test_times_are_right_on_the_days_clocks_change(cast: Cast, now: datetime):
    calendars.save_hours(lawyer=cast.alice, weekly=WeeklyHours({6: ((540, 660),)}), now=now)
    listed(cast)
    operations.refresh([cast.alice.pk], now)
    (card,) = found(
        Wish(When(DENVER, now.date() + timedelta(days=1), now.date() + timedelta(days=1))), now=now
    )
    assert [to_local(start, DENVER).hour for start in card.times] == [9, 9, 10]
