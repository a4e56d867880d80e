"""Prepared worlds, and the makers of accounts, users and many contacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.clio.quirks import QUIRKS
from sandbox.clio.resources.calendars import COLORS, LIGHT_COLORS, Calendars
from sandbox.clio.resources.contacts import Contacts
from sandbox.clio.resources.matters import Matters
from sandbox.clio.store import Row
from sandbox.clio.world import World

PASSWORD = "clio"


def account(world: World, name: str, *, region: str = "us", plan: str = "Complete", **settings: Any) -> Row:
    """A firm. Its own id is its account id, so that it belongs to itself like every row belongs to one."""
    store = world.store
    row = store.new_row(0, world.clock.seconds(), name=name, state="active", region=region, plan=plan)
    row |= {
        "account_id": row["id"],
        "rounding": 6,
        "use_decimal_rounding": True,
        "currency": "USD",
        "currency_sign": "$",
        "manual_numbering": False,
        "flat_matters_non_billable": True,
    } | settings
    store["accounts"].add(row)
    store.version += 1
    return row


def user(
    world: World, firm: Row, name: str, email: str, time_zone: str, *, rate: float | None = None,
    subscription: str = "Attorney", roles: tuple[str, ...] = (), **columns: Any,
) -> Row:  # fmt: skip
    """A user with a calendar of their own."""
    store, now = world.store, world.clock.seconds()
    first, _, last = name.partition(" ")
    row = store.new_row(
        firm["id"], now, name=name, first_name=first, last_name=last, email=email, time_zone=time_zone, rate=rate,
        enabled=True, account_owner=not store["users"].count(firm["id"]), clio_connect=False, roles=list(roles),
        subscription_type=subscription, filter_subscription=subscription.lower(), phone_number=None,
        password=PASSWORD, contact_visibility="all", default_calendar_id=None,
    )  # fmt: skip
    row.update(columns)
    store["users"].add(row)
    row["default_calendar_id"] = calendar(world, row, name, "UserCalendar")["id"]
    store.version += 1
    return row


def calendar(world: World, owner: Row, name: str, kind: str, *, everyone: str = "none") -> Row:
    store = world.store
    n = store["calendars"].count(owner["account_id"]) % len(COLORS)
    columns = Calendars.defaults | {
        "name": name, "type": kind, "color": COLORS[n], "light_color": LIGHT_COLORS[n], "everyone": everyone, "shares": {},
    }  # fmt: skip
    row = store.new_row(owner["account_id"], world.clock.seconds(), creator_id=owner["id"], **columns)
    store["calendars"].add(row)
    return row


def contact(
    world: World, owner: Row, first: str, last: str, *, emails: tuple[str, ...] = (), phones: tuple[str, ...] = (),
    company: Row | None = None, kind: str = "Person", city: str | None = None, at: int | None = None,
) -> Row:  # fmt: skip
    """A contact straight into the store, without checks and webhooks: for seeds."""
    store, firm = world.store, owner["account_id"]
    now = world.clock.seconds() if at is None else at
    row = store.new_row(firm, now, creator_id=owner["id"], type=kind)
    for name, value in Contacts.defaults.items():
        row[name] = list(value) if isinstance(value, list) else value
    if kind == "Company":
        row |= {"name": first, "first_name": None, "last_name": None}
    else:
        row |= {"first_name": first, "last_name": last}
    row["email_addresses"] = [
        store.new_row(firm, now, name="Work" if i else "Home", address=address, primary=not i)
        for i, address in enumerate(emails)
    ]
    row["phone_numbers"] = [
        store.new_row(firm, now, name="Mobile" if not i else "Work", number=number, primary=not i)
        for i, number in enumerate(phones)
    ]
    if city:
        row["addresses"] = [
            store.new_row(firm, now, name="Home", street="12 Larimer St", city=city, province="CO", postal_code="80202",
                          country="US", primary=True)
        ]  # fmt: skip
    row["company_id"] = company["id"] if company else None
    store["contacts"].add(row)
    store.version += 1
    return row


def matter(
    world: World, owner: Row, client: Row, number: int, name: str, description: str, **columns: Any
) -> Row:
    store = world.store
    day = world.clock.now().date().isoformat()
    status = columns.get("status", "Open")
    dated = {"Open": "open_date", "Closed": "close_date", "Pending": "pending_date"}[status]
    values = Matters.defaults | {
        "client_id": client["id"], "number": number, "display_number": f"{number:05d}-{name}", "description": description,
        "status": status, dated: day, "custom_field_values": [], "responsible_attorney_id": owner["id"],
        "originating_attorney_id": owner["id"],
    } | columns  # fmt: skip
    row = store.new_row(owner["account_id"], world.clock.seconds(), creator_id=owner["id"], **values)
    store["matters"].add(row)
    return row


_FIRST = [
    "Ana",
    "Ben",
    "Clara",
    "David",
    "Elena",
    "Felix",
    "Grace",
    "Hugo",
    "Iris",
    "Jonas",
    "Kira",
    "Liam",
    "Maya",
    "Noah",
    "Olga",
    "Pablo",
    "Quinn",
    "Rosa",
    "Sam",
    "Tara",
]
_LAST = [
    "Abel",
    "Brook",
    "Cole",
    "Diaz",
    "Evans",
    "Frost",
    "Gomez",
    "Hayes",
    "Ito",
    "Jensen",
    "Klein",
    "Lopez",
    "Moss",
    "Nolan",
    "Ortiz",
    "Park",
    "Reed",
    "Silva",
    "Tran",
    "Young",
]


def bulk_contacts(world: World, owner: Row, count: int, start: int = 1) -> list[int]:
    """Many plain people, each with an email and a phone of their own; about 100,000 in a few seconds."""
    now = world.clock.seconds()
    made = []
    for n in range(start, start + count):
        first, last = _FIRST[n % 20], f"{_LAST[n // 20 % 20]}{n}"
        phone = f"+1303{5_550_000 + n % 10_000:07d}"
        row = contact(world, owner, first, last, emails=(f"person{n}@bulk.example",), phones=(phone,), at=now)
        made.append(row["id"])
    return made


def bare(world: World) -> dict[str, Any]:
    """One firm, two lawyers, no records: where a test starts that wants to see only what it made itself."""
    firm = account(world, "Bare & Empty LLP")
    alice = user(
        world, firm, "Alice Hart", "alice@hartvale.example", "America/Denver", rate=320.0, roles=("Admin",)
    )
    ben = user(world, firm, "Ben Vale", "ben@hartvale.example", "America/New_York", rate=280.0)
    return {"account_id": firm["id"], "users": {u["email"]: u["id"] for u in (alice, ben)}}


def demo(world: World) -> dict[str, Any]:
    from sandbox.clio.seed_demo import demo as make

    return make(world)


SEEDS: dict[str, Callable[[World], dict[str, Any]]] = {"demo": demo, "bare": bare}

__all__ = ["PASSWORD", "QUIRKS", "SEEDS", "account", "bulk_contacts", "calendar", "contact", "matter", "user"]
