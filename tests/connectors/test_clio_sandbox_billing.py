"""Matters, activities, bills and the small records beside them (facts §13, §14, §16)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.clio import Sandbox, start
from sandbox.clio.client import Client
from tests.clio_contract import problems

ALICE, BEN = "alice@hartvale.example", "ben@hartvale.example"
MONEY = "id,price,quantity,rounded_quantity,rounded_quantity_in_hours,total,flat_rate"


@pytest.fixture
def clio() -> Iterator[Sandbox]:
    with start(seed="demo") as running:
        yield running
        assert problems(running.exchanges) == []


@pytest.fixture
def alice(clio: Sandbox) -> Client:
    return Client(clio.url, clio.control.token(ALICE)["access_token"])


@pytest.fixture
def reyes(alice: Client) -> int:
    return alice("GET", "matters.json", query="00061-Reyes").data[0]["id"]


def worked(alice: Client, matter: int, **data: object) -> int:
    body = {"type": "TimeEntry", "date": "2026-11-23", "quantity": 1800, "matter": {"id": matter}} | data
    return alice("POST", "activities.json", body).data["id"]


def test_a_matter_is_written_in_lower_case_and_read_with_a_capital(alice: Client, reyes: int) -> None:
    client = alice("GET", f"matters/{reyes}.json", fields="client{id}").data["client"]["id"]
    body = {
        "client": {"id": client},
        "description": "Relocation",
        "status": "pending",
        "client_reference": "db-7",
    }
    made = alice(
        "POST", "matters.json", body, fields="status,display_number,client_reference,client{name}"
    ).data
    assert made == {
        "status": "Pending",
        "display_number": "00067-Reyes",
        "client_reference": "db-7",
        "client": {"name": "Dana Reyes"},
    }
    assert alice("POST", "matters.json", body | {"status": "Pending"}, wrong=True).status == 422


def test_matters_can_be_found_by_client_status_and_text(alice: Client, reyes: int) -> None:
    client = alice("GET", f"matters/{reyes}.json", fields="client{id}").data["client"]["id"]
    assert [m["id"] for m in alice("GET", "matters.json", client_id=client).data] == [reyes]
    shown = {m["status"] for m in alice("GET", "matters.json", status="open,pending", fields="status").data}
    assert shown == {"Open", "Pending"}
    assert [m["id"] for m in alice("GET", "matters.json", query="reyes parenting").data] == [reyes]
    assert alice("GET", "matters.json", status="Open", wrong=True).status == 400


def test_a_matter_needs_a_client_and_a_description(alice: Client) -> None:
    assert alice("POST", "matters.json", {"description": "x"}, wrong=True).status == 422
    assert alice("POST", "matters.json", {"client": {"id": 1}, "description": "x"}).status == 422


def test_time_is_sent_in_seconds_and_rounded_up_to_the_firms_six_minutes(alice: Client, reyes: int) -> None:
    body = {"type": "TimeEntry", "date": "2026-11-23", "quantity": 420, "matter": {"id": reyes}}
    made = alice("POST", "activities.json", body, fields=MONEY).data
    del made["id"]
    assert made == {
        "price": 320.0,
        "quantity": 420,
        "rounded_quantity": 720.0,
        "rounded_quantity_in_hours": 0.2,
        "total": 64.0,
        "flat_rate": False,
    }
    settings = alice("GET", "settings/billing.json", fields="rounding,currency,use_decimal_rounding").data
    assert settings == {"rounding": 6, "currency": "USD", "use_decimal_rounding": True}


def test_changing_the_rounding_shows_every_entry_anew(clio: Sandbox, alice: Client, reyes: int) -> None:
    made = worked(alice, reyes, quantity=2700)

    def shown() -> float:
        return alice("GET", f"activities/{made}.json", fields="rounded_quantity").data["rounded_quantity"]

    assert shown() == 2880  # 0.75 h becomes 0.8 h
    clio.control.set_account(ALICE, rounding=15)
    assert shown() == 2700


def test_the_price_follows_category_then_user_and_a_change_of_user_resets_it(
    clio: Sandbox, alice: Client, reyes: int
) -> None:
    categories = {
        c["name"]: c["id"] for c in alice("GET", "activity_descriptions.json", fields="id,name").data
    }
    flat = worked(alice, reyes, activity_description={"id": categories["Flat-fee will review"]})
    shown = alice("GET", f"activities/{flat}.json", fields=MONEY).data
    assert (shown["price"], shown["flat_rate"], shown["total"]) == (250.0, True, 250.0)
    priced = worked(alice, reyes, price=100.0)
    ben = next(u["id"] for u in clio.control.records("users") if u["email"] == BEN)
    moved = alice("PATCH", f"activities/{priced}.json", {"user": {"id": ben}}, fields="price,user{name}").data
    assert moved == {"price": 280.0, "user": {"name": "Ben Vale"}}


@pytest.mark.parametrize(
    ("state", "billed"),
    [("draft", False), ("awaiting_approval", False), ("awaiting_payment", True), ("paid", True)],
)
def test_any_bill_locks_an_activity(
    clio: Sandbox, alice: Client, reyes: int, state: str, billed: bool
) -> None:
    made = worked(alice, reyes)
    clio.control.bill_activity(made, state)
    shown = alice("GET", f"activities/{made}.json", fields="billed,on_bill,bill{state}").data
    assert shown == {"billed": billed, "on_bill": True, "bill": {"state": state}}
    refused = alice("PATCH", f"activities/{made}.json", {"note": "late"})
    assert refused.status == 422
    assert "has been billed" in refused.json["error"]["message"]
    assert alice("DELETE", f"activities/{made}.json").status == (422 if billed else 204)


def test_a_void_bill_lets_go(clio: Sandbox, alice: Client, reyes: int) -> None:
    made = worked(alice, reyes)
    clio.control.bill_activity(made, "awaiting_payment")
    clio.control.bill_activity(made, "void")
    assert alice("PATCH", f"activities/{made}.json", {"note": "again"}, fields="note").data == {
        "note": "again"
    }


@pytest.mark.parametrize("name", ["total", "rounded_quantity", "billed", "type"])
def test_read_only_fields_sent_back_are_refused(alice: Client, reyes: int, name: str) -> None:
    made = worked(alice, reyes)
    value = alice("GET", f"activities/{made}.json", fields=name).data[name]
    assert alice("PATCH", f"activities/{made}.json", {name: value}, wrong=True).status == 422


def test_an_activity_is_found_by_its_calendar_entry(clio: Sandbox, alice: Client, reyes: int) -> None:
    entry = clio.control.create_entry(
        ALICE, "Call", "2026-11-24T10:00:00-07:00", "2026-11-24T10:30:00-07:00"
    )["id"]
    made = worked(alice, reyes, calendar_entry={"id": entry})
    worked(alice, reyes)
    found = alice("GET", "activities.json", calendar_entry_id=entry, fields="id,calendar_entry{id}").data
    assert found == [{"id": made, "calendar_entry": {"id": entry}}]


def test_activities_are_listed_by_status_and_date(clio: Sandbox, alice: Client, reyes: int) -> None:
    billed, draft, free = (worked(alice, reyes, date=f"2026-11-0{n}") for n in (1, 2, 3))
    clio.control.bill_activity(billed, "paid")
    clio.control.bill_activity(draft, "draft")
    ids = lambda **query: [r["id"] for r in alice("GET", "activities.json", **query).data]  # noqa: E731
    assert ids(status="billed") == [billed]
    assert ids(status="draft") == [draft]
    assert ids(status="unbilled") == [free]
    assert ids(start_date="2026-11-02", end_date="2026-11-02") == [draft]


def test_deleting_a_matter_leaves_its_activities_without_one(alice: Client, reyes: int) -> None:
    made = worked(alice, reyes)
    assert alice("DELETE", f"matters/{reyes}.json").status == 204
    assert alice("GET", f"activities/{made}.json", fields="matter{id}").data == {"matter": None}


def test_notes_tasks_reminders_and_payment_links_can_be_made(
    clio: Sandbox, alice: Client, reyes: int
) -> None:
    note = {
        "type": "Matter",
        "matter": {"id": reyes},
        "subject": "Call",
        "detail": "Spoke",
        "date": "2026-11-23",
    }
    assert alice("POST", "notes.json", note, fields="subject,matter{id}").data["matter"] == {"id": reyes}
    assert len(alice("GET", "notes.json", type="Matter", matter_id=reyes).data) == 1
    assert alice("GET", "notes.json", wrong=True).status == 400
    me = alice("GET", "users/who_am_i.json", fields="id").data["id"]
    task = {
        "name": "Bill it",
        "description": "by hand",
        "assignee": {"id": me, "type": "User"},
        "due_at": "2026-12-01T00:00:00Z",
    }
    made = alice("POST", "tasks.json", task, fields="id,status,due_at,assignee{name}").data
    assert made["due_at"] == "2026-11-30"  # Alice's date at that instant
    done = alice(
        "PATCH", f"tasks/{made['id']}.json", {"status": "complete"}, fields="status,completed_at"
    ).data
    assert done["completed_at"]
    entry = clio.control.create_entry(
        ALICE, "Call", "2026-12-24T10:00:00-07:00", "2026-12-24T10:30:00-07:00"
    )["id"]
    reminder = {
        "duration_unit": "hours",
        "duration_value": 1,
        "notification_method": {"id": 1},
        "subject": {"id": entry, "type": "CalendarEntry"},
    }
    shown = alice("POST", "reminders.json", reminder, fields="duration,next_delivery_at").data
    assert shown == {"duration": 60, "next_delivery_at": "2026-12-24T09:00:00-07:00"}
    bank = alice("GET", "bank_accounts.json").data[0]["id"]
    link = {
        "currency": "USD",
        "amount": 50.0,
        "duration": 86_400,
        "destination_account": {"id": bank},
        "subject": {"id": bank, "type": "BankAccount"},
        "description": "Consultation",
    }
    assert alice("POST", "clio_payments/links.json", link, fields="active,amount").data == {
        "active": True,
        "amount": 50.0,
    }


def test_the_preview_and_clio_agree_on_every_duration_rounding_and_rate() -> None:
    from random import Random
    from types import SimpleNamespace

    from daybook.core.billing import preview
    from daybook.core.money import Money
    from sandbox.clio.views import rounded, total

    chance = Random(7)
    for _ in range(3000):
        minutes, seconds = chance.choice((1, 2, 3, 5, 6, 10, 12, 15, 30)), chance.randint(60, 86_400)
        cents = chance.choice((chance.randint(1, 200_000), 25_050, 33_333))
        clio = SimpleNamespace(account={"rounding": minutes})
        row = {"type": "TimeEntry", "price": cents / 100, "quantity": seconds}
        ours = preview(seconds, rounding_minutes=minutes, rate=Money(cents, "USD"))
        assert ours.amount is not None
        assert (ours.rounded_seconds, ours.amount.cents) == (
            rounded(clio, seconds),  # type: ignore[arg-type]
            round(total(clio, row) * 100),  # type: ignore[arg-type]
        ), (minutes, seconds, cents)
