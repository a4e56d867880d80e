"""Clio's JSON becomes values: whatever is missing, hidden, new or odd, nothing crashes and nothing is made up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.connectors.clio import fields, zones
from daybook.connectors.clio.shapes import CalendarEntry, ClioCalendar, ClioContact, ClioUser, Webhook, WhoAmI
from daybook.connectors.clio.shapes_work import (
    Activity,
    ActivityDescription,
    BillingSettings,
    Matter,
    PracticeArea,
)
from daybook.connectors.errors import Garbled
from daybook.core.periods import Period

SHAPES: list[Any] = [
    ClioUser,
    ClioContact,
    ClioCalendar,
    Matter,
    PracticeArea,
    Activity,
    ActivityDescription,
    Webhook,
]
NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")


def entry(**values: Any) -> CalendarEntry:
    plain = {
        "id": "1750624264",
        "etag": '"x"',
        "start_at": "2026-10-05T09:00:00-04:00",
        "end_at": "2026-10-05T10:00:00-04:00",
        "summary": "Deposition",
    }
    return CalendarEntry.parse(plain | values)


# Tolerance -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_an_id_is_enough(shape: Any) -> None:
    assert shape.parse({"id": 12}).id == "12"
    assert shape.parse({"id": "12"}).id == "12"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("record", [{}, {"id": None}, {"id": True}, {"id": []}, {"id": ""}])
def test_without_an_id_it_is_garbled(shape: Any, record: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        shape.parse(record)


@pytest.mark.parametrize(
    "odd", [None, 5, "odd", True, [], {}, [None], [5], [{}], {"id": None}, Decimal("1.5")]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_any_field_may_hold_anything(shape: Any, odd: Any) -> None:
    names = {name.split("{")[0] for name in fields.__dict__ if name.isupper()}
    assert names
    every = {
        part.split("{")[0].strip("}")
        for text in vars(fields).values()
        if isinstance(text, str)
        for part in text.split(",")
    }
    shape.parse(dict.fromkeys(every, odd) | {"id": 1})


def test_a_field_list_has_one_nesting_level() -> None:
    for name, text in vars(fields).items():
        if name.endswith("_FIELDS"):
            depth = deepest = 0
            for c in text:
                depth += (c == "{") - (c == "}")
                deepest = max(deepest, depth)
            assert depth == 0
            assert deepest <= 1
            assert " " not in text


def test_unknown_words_are_kept_as_they_are() -> None:
    assert ClioContact.parse({"id": 1, "type": "Robot"}).type == "Robot"
    assert Matter.parse({"id": 1, "status": "Archived"}).status == "archived"
    assert Activity.parse({"id": 1, "bill": {"id": 3, "state": "floating"}}).bill_state == "floating"


# People --------------------------------------------------------------------------------------------------------------


def test_a_contact_is_read_whole() -> None:
    contact = ClioContact.parse(
        {
            "id": 7,
            "etag": '"9a10"',
            "type": "Person",
            "name": "Dana Reyes",
            "first_name": "Dana",
            "middle_name": None,
            "last_name": "Reyes",
            "prefix": "Ms",
            "title": "CFO",
            "company": {"id": 8, "name": "Reyes LLC"},
            "email_addresses": [{"id": 1, "name": "Private", "address": "d@example.com", "primary": True}],
            "phone_numbers": [{"id": 2, "name": "Mobile", "number": "+1 555 0100", "primary": False}],
            "addresses": [{"id": 3, "name": "Home", "street": "1 Elm", "city": "Troy", "primary": None}],
            "is_client": True,
            "updated_at": "2025-09-16T10:58:09-04:00",
        }
    )
    assert (contact.id, contact.middle_name, contact.etag) == ("7", "", '"9a10"')
    assert contact.company is not None
    assert (contact.company.id, contact.company.name) == ("8", "Reyes LLC")
    assert [(e.id, e.label, e.address, e.primary) for e in contact.emails] == [
        ("1", "Private", "d@example.com", True)
    ]
    assert [(p.id, p.number) for p in contact.phones] == [("2", "+1 555 0100")]
    assert [(a.street, a.country) for a in contact.addresses] == [("1 Elm", "")]
    assert contact.updated_at == datetime(2025, 9, 16, 14, 58, 9, tzinfo=UTC)
    assert not contact.redacted


def test_a_hidden_contact_says_so() -> None:
    assert ClioContact.parse({"id": 1, "etag": "e", "redacted": True}).redacted


def test_a_hidden_company_keeps_its_id() -> None:
    contact = ClioContact.parse({"id": 1, "company": {"id": 8, "etag": "e", "redacted": True}})
    assert contact.company is not None
    assert (contact.company.id, contact.company.name) == ("8", "")


def test_a_user_has_a_rate_in_cents_and_a_zone_everybody_knows() -> None:
    user = ClioUser.parse(
        {
            "id": 1,
            "time_zone": "Pacific Time (US & Canada)",
            "default_calendar_id": 44,
            "rate": Decimal("250.5"),
            "roles": ["admin", None],
            "enabled": True,
            "subscription_type": "Attorney",
        }
    )
    assert (user.time_zone, user.rate, user.default_calendar_id) == ("America/Los_Angeles", 25050, "44")
    assert (user.roles, user.enabled, user.subscription_type) == (("admin",), True, "attorney")


def test_whose_token_it_is_must_name_the_firm() -> None:
    assert WhoAmI.parse({"id": 1, "account": {"id": 9, "name": "Firm"}}).account.id == "9"
    with pytest.raises(Garbled):
        WhoAmI.parse({"id": 1})


# Zones ---------------------------------------------------------------------------------------------------------------


def test_every_rails_name_leads_to_a_zone_that_exists() -> None:
    assert len(zones.RAILS) > 140
    for iana in zones.RAILS.values():
        ZoneInfo(iana)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("Arizona", "America/Phoenix"),
        ("America/Denver", "America/Denver"),
        ("Europe/London", "Europe/London"),
        ("London", "Europe/London"),
        ("UTC", "Etc/UTC"),
        ("EST", None),
        ("Middle Earth", None),
        ("Middle/Earth", None),
        ("../../etc/passwd", None),
        ("/etc/localtime", None),
        ("America", None),
    ],
)
def test_a_zone_is_understood_by_either_name_or_not_at_all(name: str, zone: str | None) -> None:
    assert zones.iana(name) == zone
    user = ClioUser.parse({"id": 1, "time_zone": name})
    assert (user.time_zone, user.time_zone_raw) == (zone, name)


# Calendars -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "writable"),
    [("owner", True), ("editor", True), ("viewer", False), ("limited_viewer", False), ("none", False)],
)
def test_only_owners_and_editors_write(permission: str, writable: bool) -> None:
    assert ClioCalendar.parse({"id": 1, "permission": permission}).writable is writable


@pytest.mark.parametrize("permission", ["superuser", None, 5])
def test_a_permission_nobody_has_heard_of_is_none_to_write(permission: Any) -> None:
    assert not ClioCalendar.parse({"id": 1, "permission": permission}).writable


# Entries -------------------------------------------------------------------------------------------------------------


def test_times_are_instants_in_utc() -> None:
    found = entry()
    assert (found.start, found.end) == (
        datetime(2026, 10, 5, 13, tzinfo=UTC),
        datetime(2026, 10, 5, 14, tzinfo=UTC),
    )
    assert found.blocks(LOS_ANGELES) == Period(found.start, found.end)


@pytest.mark.parametrize(("day", "hour"), [("2026-03-08", 7), ("2026-11-01", 6)])
def test_times_on_a_day_when_the_clocks_change_are_exact(day: str, hour: int) -> None:
    offset = "-05:00" if hour == 7 else "-04:00"
    found = entry(start_at=f"{day}T01:30:00{offset}", end_at=f"{day}T03:30:00-0{4 if hour == 7 else 5}:00")
    assert found.start.hour == (6 if hour == 7 else 5)
    assert found.end - found.start == (timedelta(hours=1) if hour == 7 else timedelta(hours=3))


def test_an_entry_of_no_length_blocks_nothing() -> None:
    assert entry(end_at="2026-10-05T09:00:00-04:00").blocks(NEW_YORK) is None
    assert entry(end_at="2026-10-05T08:00:00-04:00").blocks(NEW_YORK) is None


def test_all_day_blocks_the_owners_days_the_last_one_included() -> None:
    found = entry(
        all_day=True,
        start_at="2026-10-05T00:00:00-04:00",
        end_at="2026-10-06T00:00:00-04:00",
        start_date="2026-10-05",
        end_date="2026-10-06",
    )
    assert found.blocks(LOS_ANGELES) == Period(
        datetime(2026, 10, 5, tzinfo=LOS_ANGELES), datetime(2026, 10, 7, tzinfo=LOS_ANGELES)
    )


def test_all_day_that_ends_within_its_day_blocks_that_day() -> None:
    for end in ("2026-10-05T00:00:00-04:00", "2026-10-05T23:59:59-04:00"):
        found = entry(all_day=True, start_at="2026-10-05T00:00:00-04:00", end_at=end)
        assert found.blocks(NEW_YORK) == Period(
            datetime(2026, 10, 5, 4, tzinfo=UTC), datetime(2026, 10, 6, 4, tzinfo=UTC)
        )


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25)])
def test_all_day_is_as_long_as_the_day_is(day: str, hours: int) -> None:
    found = entry(all_day=True, start_at=f"{day}T00:00:00-05:00", end_at=f"{day}T23:59:59-05:00")
    blocked = found.blocks(NEW_YORK)
    assert blocked is not None
    assert blocked.length == timedelta(hours=hours)


def test_all_day_without_days_goes_by_the_day_as_written() -> None:
    found = entry(all_day=True, start_at="2026-10-05T00:00:00+11:00", end_at="2026-10-05T23:59:59+11:00")
    assert (found.first_day, found.last_day) == (date(2026, 10, 5), date(2026, 10, 5))


def test_a_hidden_entry_is_busy() -> None:
    for hidden in (entry(summary=None, redacted=True), entry(summary=None), entry(redacted=True)):
        assert hidden.redacted
        assert hidden.blocks(NEW_YORK) is not None


@pytest.mark.parametrize("missing", ["start_at", "end_at"])
@pytest.mark.parametrize(
    "value", [None, "", "tomorrow", "2026-10-05", "2026-10-05T09:00:00", "0001-01-01T00:00:00+14:00"]
)
def test_an_entry_without_a_time_is_not_passed_over(missing: str, value: Any) -> None:
    with pytest.raises(Garbled) as caught:
        entry(**{missing: value})
    assert "calendar" in caught.value.text


def test_a_moved_occurrence_names_its_series() -> None:
    found = entry(id="occ-17_2", parent_calendar_entry_id=99, recurrence_rule=None)
    assert (found.id, found.parent_id, found.recurrence_rule) == ("occ-17_2", "99", None)
    assert entry(recurrence_rule="FREQ=WEEKLY;BYDAY=MO").recurrence_rule == "FREQ=WEEKLY;BYDAY=MO"


def test_external_properties_are_found_by_name_and_cannot_be_changed() -> None:
    found = entry(external_properties=[{"id": 1, "name": "daybook", "value": "A-1"}, None])
    assert found.external == {"daybook": "A-1"}
    with pytest.raises(TypeError):
        found.external["daybook"] = "B"  # type: ignore[index]
    assert hash(found) == hash(found)


# Work ----------------------------------------------------------------------------------------------------------------


def test_a_matters_status_is_lower_case() -> None:
    matter = Matter.parse({"id": 1, "status": "Pending", "client": {"id": 2, "name": "Dana"}})
    assert (matter.status, matter.client_id, matter.client_name) == ("pending", "2", "Dana")


def test_a_hidden_matter_says_so() -> None:
    matter = Matter.parse({"id": 1, "redacted": True})
    assert (matter.redacted, matter.client_id, matter.client_name) == (True, None, "")


def test_money_is_in_cents_and_time_in_seconds() -> None:
    activity = Activity.parse(
        {
            "id": 1,
            "price": Decimal("250.5"),
            "total": Decimal("0.005"),
            "quantity": Decimal("1800.0"),
            "date": "2026-10-05",
        }
    )
    assert (activity.price, activity.total, activity.quantity, activity.date) == (
        25050,
        1,
        1800,
        date(2026, 10, 5),
    )


def test_hidden_hours_are_none_and_not_nought() -> None:
    activity = Activity.parse({"id": 1, "quantity": None, "quantity_redacted": True})
    assert (activity.quantity, activity.rounded, activity.redacted) == (None, None, True)


@pytest.mark.parametrize(
    "sign", [{"on_bill": True}, {"billed": True}, {"bill": {"id": 3, "state": "draft"}}, {"bill": {"id": 3}}]
)
def test_any_sign_of_a_bill_locks(sign: dict[str, Any]) -> None:
    assert Activity.parse({"id": 1} | sign).locked
    assert not Activity.parse({"id": 1, "bill": None, "billed": False, "on_bill": False}).locked


def test_billing_settings_may_be_silent() -> None:
    assert BillingSettings.parse({}) == BillingSettings(None, False, "", False)
    assert BillingSettings.parse({"rounding": 6, "use_decimal_rounding": True}).rounding_minutes == 6


def test_a_webhook_does_not_print_its_secret() -> None:
    assert "hush" not in repr(Webhook.parse({"id": 1, "shared_secret": "hush"}))
