"""The demo world: Hart & Vale LLP with a busy fortnight, and Carol Marsh's firm, which must see none of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.clio import seed
from sandbox.clio.context import zone_named
from sandbox.clio.resources.activities import ActivityDescriptions
from sandbox.clio.resources.calendar_entries import CalendarEntries
from sandbox.clio.resources.calendars import EventTypes
from sandbox.clio.store import Row
from sandbox.clio.world import World

#: First name, last name, emails, phones, city. Diacritics, no email, one address shared by two: all as in real life.
PEOPLE: tuple[tuple[str, str, str, str, str], ...] = (
    ("Dana", "Reyes", "dana.reyes@mail.example", "+13035550101", "Denver"),
    ("Zoë", "Brontë", "zoe.bronte@mail.example", "+13035550102", "Boulder"),
    ("José", "Núñez", "jose.nunez@mail.example", "+13035550103", "Pueblo"),
    ("Siobhán", "O'Neill", "siobhan@oneill.example", "+13035550104", "Denver"),
    ("Jürgen", "Müller-Weiß", "jmw@mail.example", "+4930555010", "Berlin"),
    ("Łukasz", "Wójcik", "lukasz.wojcik@mail.example", "+48225550105", "Warsaw"),
    ("Nguyễn", "Thị Hoa", "hoa.nguyen@mail.example", "+13035550106", "Aurora"),
    ("Renée", "D'Amboise", "renee@damboise.example", "+13035550107", "Golden"),
    ("Maria", "Keller", "kellers@family.example", "+13035550108", "Denver"),
    ("Thomas", "Keller", "kellers@family.example", "+13035550108", "Denver"),
    ("Ruth", "Abernathy", "", "+13035550109", "Denver"),
    ("Otis", "Freeman", "", "+13035550110", "Littleton"),
    ("Gladys", "Pruitt", "", "", ""),
    ("Dana", "Rey", "dana.rey@mail.example", "+13035550111", "Denver"),
    ("Danielle", "Reyes-Cortez", "danielle.rc@mail.example", "+13035550112", "Lakewood"),
    ("Robert", "Smith", "bob.smith@mail.example", "+13035550113", "Denver"),
    ("Robert", "Smith", "r.smith@other.example", "+13035550114", "Arvada"),
    ("Aisha", "Rahman", "aisha.rahman@mail.example", "+13035550115", "Denver"),
    ("Wei", "Chen", "wei.chen@mail.example", "+13035550116", "Denver"),
    ("Priya", "Raghunathan", "priya.r@mail.example", "+13035550117", "Boulder"),
)
MORE_FIRST = [
    "Harold",
    "Joan",
    "Lewis",
    "Marta",
    "Nadia",
    "Owen",
    "Petra",
    "Quentin",
    "Rosa",
    "Stella",
    "Tobias",
    "Ursula",
    "Victor",
    "Wanda",
    "Xavier",
    "Yara",
]
MORE_LAST = [
    "Ashby",
    "Boone",
    "Carver",
    "Dorsey",
    "Ellery",
    "Fenwick",
    "Garner",
    "Holt",
    "Ingram",
    "Jarvis",
    "Keats",
    "Lomax",
    "Mercer",
    "Nash",
    "Orton",
    "Pike",
]
COMPANIES = (
    "Redstone Builders, Inc.",
    "Café Étoile LLC",
    "Front Range Dental Group",
    "Mesa Verde Logistics",
    "Lumen & Oak",
)

PRACTICE_AREAS = (
    ("Family", "FAM", "family"),
    ("Wills and Estates", "EST", "wills_and_estates"),
    ("Employment", "EMP", "employment_and_labor"),
    ("Real Estate", "RE", "real_estate"),
    ("Immigration", "IMM", "immigration"),
)
CATEGORIES = (
    ("Consultation", None),
    ("Client meeting", None),
    ("Court appearance", {"amount": 400.0, "type": "Custom", "hierarchy": "Activity"}),
    ("Flat-fee will review", {"amount": 250.0, "type": "FlatRate", "hierarchy": "Activity"}),
)


def demo(world: World) -> dict[str, Any]:
    """Make both firms; gives the ids a script wants to know."""
    firm = seed.account(world, "Hart & Vale LLP")
    alice = seed.user(
        world,
        firm,
        "Alice Hart",
        "alice@hartvale.example",
        "America/Denver",
        rate=320.0,
        roles=("Admin", "Billing"),
    )
    ben = seed.user(world, firm, "Ben Vale", "ben@hartvale.example", "America/New_York", rate=280.0)
    chloe = seed.user(world, firm, "Chloe Okafor", "chloe@hartvale.example", "Europe/London", rate=300.0)
    bob = seed.user(
        world,
        firm,
        "Bob Lane",
        "bob@hartvale.example",
        "America/Denver",
        rate=120.0,
        subscription="NonAttorney",
    )
    calendars = _calendars(world, alice, ben, chloe, bob)
    contacts = _contacts(world, alice)
    areas, matters = _matters(world, alice, ben, contacts)
    for name, rate in CATEGORIES:
        _add(
            world,
            alice,
            "activity_descriptions",
            ActivityDescriptions.defaults | {"name": name, "rate": rate},
        )
    for name, color in (("Client meeting", "#009CEC"), ("Court", "#C75300")):
        _add(world, alice, "event_types", EventTypes.defaults | {"name": name, "color": color})
    _add(world, alice, "bank_accounts", {"name": "Operating", "type": "Operating", "currency": "USD",
         "clio_payments_enabled": True, "balance": 0.0, "default_account": True})  # fmt: skip
    _entries(world, alice, ben, chloe, calendars, matters["dana"])
    other = seed.account(world, "Carol Marsh Law")
    carol = seed.user(
        world,
        other,
        "Carol Marsh",
        "carol@marsh.example",
        "Pacific Time (US & Canada)",
        rate=350.0,
        roles=("Admin",),
    )
    seed.contact(world, carol, "Dana", "Reyes", emails=("dana.reyes@mail.example",), phones=("+13035550101",))
    seed.contact(world, carol, "Evan", "Marsh", emails=("evan@marsh.example",))
    return {
        "account_id": firm["id"],
        "users": {u["email"]: u["id"] for u in (alice, ben, chloe, bob, carol)},
        "calendars": {name: row["id"] for name, row in calendars.items()},
        "contacts": {"dana": contacts[0]["id"]},
        "matters": {name: row["id"] for name, row in matters.items()},
        "practice_areas": {row["name"]: row["id"] for row in areas},
    }


def _add(world: World, owner: Row, table: str, columns: dict[str, Any]) -> Row:
    row = world.store.new_row(owner["account_id"], world.clock.seconds(), creator_id=owner["id"], **columns)
    world.store[table].add(row)
    return row


def _calendars(world: World, alice: Row, ben: Row, chloe: Row, bob: Row) -> dict[str, Row]:
    store = world.store
    rows = {
        name: store["calendars"].rows[user["default_calendar_id"]]
        for name, user in {"alice": alice, "ben": ben, "chloe": chloe, "bob": bob}.items()
    }
    rows["ben"]["shares"] = {str(alice["id"]): "editor", str(bob["id"]): "limited_viewer"}
    rows["chloe"]["shares"] = {str(alice["id"]): "viewer"}
    rows["alice"]["shares"] = {str(bob["id"]): "editor", str(ben["id"]): "viewer"}
    rows["firm"] = seed.calendar(world, alice, "Hart & Vale LLP", "AccountCalendar", everyone="editor")
    rows["court"] = seed.calendar(world, alice, "Court dates", "AdhocCalendar", everyone="viewer")
    return rows


def _contacts(world: World, alice: Row) -> list[Row]:
    companies = [
        seed.contact(world, alice, name, "", kind="Company", emails=(f"office@company{i}.example",),
                     phones=(f"+130355502{i:02d}",), city="Denver")
        for i, name in enumerate(COMPANIES)
    ]  # fmt: skip
    rows = [
        seed.contact(world, alice, first, last, emails=(email,) if email else (), phones=(phone,) if phone else (),
                     city=city or None)
        for first, last, email, phone, city in PEOPLE
    ]  # fmt: skip
    for i in range(36):
        first, last = MORE_FIRST[i % 16], MORE_LAST[(i * 5 + i // 16) % 16]
        emails = (f"{first}.{last}@mail.example".lower(),) + (
            (f"{last}@work.example".lower(),) if i % 6 == 0 else ()
        )
        rows.append(
            seed.contact(world, alice, first, last, emails=emails, phones=(f"+130355503{i:02d}",), city="Denver",
                         company=companies[i % 5] if i % 7 == 0 else None)
        )  # fmt: skip
    return rows


def _matters(world: World, alice: Row, ben: Row, contacts: list[Row]) -> tuple[list[Row], dict[str, Row]]:
    areas = [
        _add(world, alice, "practice_areas", {"name": name, "code": code, "category": category})
        for name, code, category in PRACTICE_AREAS
    ]
    for area in areas:
        for order, name in enumerate(("Intake", "Open", "Closing"), 1):
            _add(
                world,
                alice,
                "matter_stages",
                {"name": name, "order": order, "practice_area_id": str(area["id"])},
            )
    plan = (
        ("dana", alice, 0, 61, "Reyes", "Parenting plan modification", "Open", 0),
        ("bronte", alice, 1, 62, "Bronte", "Estate plan", "Open", 1),
        ("nunez", ben, 2, 63, "Nunez", "Severance review", "Pending", 2),
        ("keller", alice, 8, 64, "Keller", "House purchase", "Open", 3),
        ("smith", ben, 15, 58, "Smith", "Divorce", "Closed", 0),
        ("rahman", ben, 17, 65, "Rahman", "Adjustment of status", "Open", 4),
        ("chen", alice, 18, 66, "Chen", "Will and trust", "Pending", 1),
    )
    return areas, {
        key: seed.matter(
            world, owner, contacts[i], number, name, text, status=status, practice_area_id=areas[area]["id"]
        )
        for key, owner, i, number, name, text, status, area in plan
    }


def _entries(world: World, alice: Row, ben: Row, chloe: Row, calendars: dict[str, Row], dana: Row) -> None:
    """Busy times relative to today, each in its owner's zone."""
    today = world.clock.now().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    monday = today - timedelta(days=today.weekday())

    def entry(
        owner: Row, calendar: str, summary: str, day: datetime, start: float, hours: float, **columns: Any
    ) -> Row:
        zone = zone_named(owner["time_zone"])
        begin = (day + timedelta(hours=start)).replace(tzinfo=zone)
        end = (day + timedelta(hours=start + hours)).replace(tzinfo=zone)
        values = CalendarEntries.defaults | {
            "attendees": [], "external_properties": [], "excluded": [], "summary": summary, "zone": owner["time_zone"],
            "calendar_id": calendars[calendar]["id"], "start": int(begin.timestamp()), "end": int(end.timestamp()),
        } | columns  # fmt: skip
        return _add(world, owner, "calendar_entries", values)

    team = entry(
        alice, "alice", "Team meeting", monday - timedelta(days=28), 9, 1, recurrence_rule="FREQ=WEEKLY;BYDAY=MO",
        attendees=[{"type": "Calendar", "id": calendars["ben"]["id"]}],
    )  # fmt: skip
    # Next week's team meeting has moved to Tuesday afternoon.
    next_monday = monday + timedelta(days=7, hours=9)
    gone = int(next_monday.replace(tzinfo=zone_named(alice["time_zone"])).timestamp())
    team["excluded"] = [gone]
    entry(alice, "alice", "Team meeting (moved)", monday + timedelta(days=8), 14, 1, parent_id=team["id"],
          attendees=[{"type": "Calendar", "id": calendars["ben"]["id"]}])  # fmt: skip
    entry(alice, "alice", "Call with Dana Reyes", today + timedelta(days=1), 10, 0.5, matter_id=dana["id"])
    entry(
        alice, "alice", "Lunch", monday - timedelta(days=28), 12, 1, recurrence_rule="FREQ=WEEKLY;BYDAY=TU,TH"
    )
    entry(alice, "alice", "Doctor", today + timedelta(days=2), 15, 1, private=True)
    entry(
        alice,
        "court",
        "Reyes v. Reyes: status conference",
        monday + timedelta(days=9),
        9,
        2,
        matter_id=dana["id"],
    )
    entry(alice, "firm", "Office closed", monday + timedelta(days=11), 0, 24, all_day=True)
    entry(ben, "ben", "Deposition", today + timedelta(days=2), 13, 3)
    entry(ben, "ben", "Vacation", monday + timedelta(days=14), 0, 48, all_day=True)
    entry(
        chloe, "chloe", "Chambers", monday - timedelta(days=28), 10, 2, recurrence_rule="FREQ=WEEKLY;BYDAY=WE"
    )
    entry(chloe, "chloe", "Private appointment", today + timedelta(days=3), 16, 1, private=True)
