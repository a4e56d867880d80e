"""What Clio's people and calendars look like to us, and how they are read from its JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from daybook.connectors.clio import read
from daybook.connectors.clio.read import Record
from daybook.connectors.clio.zones import iana
from daybook.core.periods import Period


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody or something else, by id and name. The name is empty when we may not see it."""

    id: str
    name: str

    @classmethod
    def parse(cls, record: Record) -> "Named":
        return cls(read.identity(record), read.text(record, "name"))

    @classmethod
    def inner(cls, record: Record, name: str) -> "Named | None":
        """The associated record called `name`, or None when there is none."""
        inner = read.inner(record, name)
        return cls.parse(inner) if inner is not None and inner.get("id") is not None else None


@dataclass(frozen=True, slots=True)
class ClioUser:
    """
    A person of the firm. `time_zone` is an IANA name, None when Clio's (`time_zone_raw`) is not understood. `rate` is
    the hourly rate in cents. `default_calendar_id` is the user's own calendar; it is not the user's id.
    """

    id: str
    name: str
    first_name: str
    last_name: str
    email: str
    enabled: bool
    time_zone: str | None
    time_zone_raw: str
    default_calendar_id: str | None
    rate: int | None
    roles: tuple[str, ...]
    subscription_type: str

    @classmethod
    def parse(cls, record: Record) -> "ClioUser":
        raw = read.text(record, "time_zone")
        return cls(
            id=read.identity(record),
            name=read.text(record, "name"),
            first_name=read.text(record, "first_name"),
            last_name=read.text(record, "last_name"),
            email=read.text(record, "email"),
            enabled=read.flag(record, "enabled"),
            time_zone=iana(raw) if raw else None,
            time_zone_raw=raw,
            default_calendar_id=read.reference(record, "default_calendar_id"),
            rate=read.cents(record, "rate"),
            roles=tuple(role for role in read.several(record, "roles") if isinstance(role, str)),
            subscription_type=read.text(record, "subscription_type").lower(),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """The firm, at Clio. `id` is the key by which a reconnection is recognized."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """Whose token this is, and of which firm."""

    user: ClioUser
    account: Account

    @classmethod
    def parse(cls, record: Record) -> "WhoAmI":
        account = read.inner(record, "account") or {}
        return cls(ClioUser.parse(record), Account(read.identity(account), read.text(account, "name")))


@dataclass(frozen=True, slots=True)
class Email:
    """`label` is free text on reading, though Clio takes Work, Home and Other only on writing (file of 2026-04-08)."""

    id: str
    label: str
    address: str
    primary: bool


@dataclass(frozen=True, slots=True)
class Phone:
    """`number` is as somebody typed it."""

    id: str
    label: str
    number: str
    primary: bool


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address, in Clio's parts."""

    id: str
    label: str
    street: str
    city: str
    province: str
    postal_code: str
    country: str
    primary: bool


@dataclass(frozen=True, slots=True)
class ClioContact:
    """
    A person or a company. `type` is "Person" or "Company", or whatever Clio may add. `redacted` when this connection
    may not see the details: empty fields then mean nothing, and nothing may be concluded from them.
    """

    id: str
    etag: str
    type: str
    name: str
    first_name: str
    middle_name: str
    last_name: str
    prefix: str
    title: str
    company: Named | None
    emails: tuple[Email, ...]
    phones: tuple[Phone, ...]
    addresses: tuple[Address, ...]
    is_client: bool
    updated_at: datetime | None
    redacted: bool

    @classmethod
    def parse(cls, record: Record) -> "ClioContact":
        return cls(
            id=read.identity(record),
            etag=read.text(record, "etag"),
            type=read.text(record, "type"),
            name=read.text(record, "name"),
            first_name=read.text(record, "first_name"),
            middle_name=read.text(record, "middle_name"),
            last_name=read.text(record, "last_name"),
            prefix=read.text(record, "prefix"),
            title=read.text(record, "title"),
            company=Named.inner(record, "company"),
            emails=tuple(
                Email(
                    read.identity(item),
                    read.text(item, "name"),
                    read.text(item, "address"),
                    read.flag(item, "primary"),
                )
                for item in read.records(record, "email_addresses")
            ),
            phones=tuple(
                Phone(
                    read.identity(item),
                    read.text(item, "name"),
                    read.text(item, "number"),
                    read.flag(item, "primary"),
                )
                for item in read.records(record, "phone_numbers")
            ),
            addresses=tuple(
                Address(
                    id=read.identity(item),
                    label=read.text(item, "name"),
                    street=read.text(item, "street"),
                    city=read.text(item, "city"),
                    province=read.text(item, "province"),
                    postal_code=read.text(item, "postal_code"),
                    country=read.text(item, "country"),
                    primary=read.flag(item, "primary"),
                )
                for item in read.records(record, "addresses")
            ),
            is_client=read.flag(record, "is_client"),
            updated_at=read.instant(record, "updated_at"),
            redacted=read.flag(record, "redacted"),
        )


#: The permissions with which the token's user can create entries (Calendars article, read 2026-10).
WRITABLE_PERMISSIONS = frozenset({"owner", "editor"})


@dataclass(frozen=True, slots=True)
class ClioCalendar:
    """
    A calendar this connection knows of. `type` is AccountCalendar, UserCalendar or AdhocCalendar. `permission` is that
    of the token's user: owner, editor, viewer, limited_viewer, none. Whose own calendar it is, users say
    (`ClioUser.default_calendar_id`); `creator` is who made it.
    """

    id: str
    etag: str
    name: str
    type: str
    permission: str
    visible: bool
    creator: Named | None

    @property
    def writable(self) -> bool:
        """Whether this connection may create entries here. A permission we have never heard of is not one to write."""
        return self.permission in WRITABLE_PERMISSIONS

    @classmethod
    def parse(cls, record: Record) -> "ClioCalendar":
        return cls(
            id=read.identity(record),
            etag=read.text(record, "etag"),
            name=read.text(record, "name"),
            type=read.text(record, "type"),
            permission=read.text(record, "permission").lower(),
            visible=read.flag(record, "visible"),
            creator=Named.inner(record, "creator"),
        )


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """
    Something in a calendar. `id` is text: ids of single occurrences of a series need not be numbers.

    `start` and `end` are the instants Clio gives, aware, in UTC. For an all-day entry they say little; `first_day` and
    `last_day` are the days Clio names, and `blocks` is what to use. `external` are the properties written by programs,
    by name. `redacted` when the details are hidden: busy all the same.
    """

    id: str
    etag: str
    calendar_id: str | None
    start: datetime
    end: datetime
    all_day: bool
    first_day: date
    last_day: date
    summary: str
    redacted: bool
    recurrence_rule: str | None
    parent_id: str | None
    updated_at: datetime | None
    external: Mapping[str, str] = field(hash=False)
    permission: str

    def blocks(self, zone: ZoneInfo) -> Period | None:
        """
        The time taken by this entry in the calendar of somebody who lives in `zone`; None for an entry of no length.

        All day means from midnight to midnight in `zone`, first and last day included. Whether Clio means the end
        of an all-day entry to be included is not documented (2026-10): it is taken as included, so at worst a day
        too many is closed, and never a lawyer booked into a trial.
        """
        if self.all_day:
            start = datetime.combine(self.first_day, time(), zone)
            end = datetime.combine(max(self.first_day, self.last_day) + timedelta(days=1), time(), zone)
            return Period(start.astimezone(UTC), end.astimezone(UTC))
        return Period(self.start, self.end) if self.start < self.end else None

    @classmethod
    def parse(cls, record: Record) -> "CalendarEntry":
        """Raises `Garbled` for an entry without times: it may be in the way of something, and nobody knows of what."""
        start, end = read.required_instant(record, "start_at"), read.required_instant(record, "end_at")
        summary = record.get("summary")
        return cls(
            id=read.identity(record),
            etag=read.text(record, "etag"),
            calendar_id=read.reference(record, "calendar_owner_id"),
            start=start,
            end=max(start, end),
            all_day=read.flag(record, "all_day"),
            first_day=read.day(record, "start_date") or read.written_day(record, "start_at"),
            last_day=read.day(record, "end_date") or read.written_day(record, "end_at"),
            summary=read.text(record, "summary"),
            # A summary is required on creation, so one that is missing is one that is hidden.
            redacted=read.flag(record, "redacted") or summary is None,
            recurrence_rule=read.text(record, "recurrence_rule") or None,
            parent_id=read.reference(record, "parent_calendar_entry_id"),
            updated_at=read.instant(record, "updated_at"),
            external=MappingProxyType(
                {
                    read.text(item, "name"): read.text(item, "value")
                    for item in read.records(record, "external_properties")
                }
            ),
            permission=read.text(record, "permission").lower(),
        )


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription. `status` is pending, enabled or suspended; it ends at `expires_at` without notice."""

    id: str
    etag: str
    url: str
    model: str
    events: tuple[str, ...]
    fields: str
    status: str
    expires_at: datetime | None
    shared_secret: str = field(repr=False)

    @classmethod
    def parse(cls, record: Record) -> "Webhook":
        return cls(
            id=read.identity(record),
            etag=read.text(record, "etag"),
            url=read.text(record, "url"),
            model=read.text(record, "model"),
            events=tuple(event for event in read.several(record, "events") if isinstance(event, str)),
            fields=read.text(record, "fields"),
            status=read.text(record, "status"),
            expires_at=read.instant(record, "expires_at"),
            shared_secret=read.text(record, "shared_secret"),
        )
