"""What Clio's matters and time entries look like to us, and how they are read from its JSON."""

from dataclasses import dataclass
from datetime import date, datetime

from daybook.connectors.clio import read
from daybook.connectors.clio.read import Record
from daybook.connectors.clio.shapes import Named


@dataclass(frozen=True, slots=True)
class Matter:
    """
    A case. `status` is open, pending or closed, in lower case as Clio wants it on writing (it answers `Open`).
    `redacted` when this connection may not see it.
    """

    id: str
    etag: str
    display_number: str
    description: str
    status: str
    client_reference: str
    client: Named | None
    practice_area: Named | None
    responsible_attorney: Named | None
    updated_at: datetime | None
    redacted: bool

    @property
    def client_id(self) -> str | None:
        return self.client.id if self.client else None

    @property
    def client_name(self) -> str:
        return self.client.name if self.client else ""

    @classmethod
    def parse(cls, record: Record) -> "Matter":
        return cls(
            id=read.identity(record),
            etag=read.text(record, "etag"),
            display_number=read.text(record, "display_number"),
            description=read.text(record, "description"),
            status=read.text(record, "status").lower(),
            client_reference=read.text(record, "client_reference"),
            client=Named.inner(record, "client"),
            practice_area=Named.inner(record, "practice_area"),
            responsible_attorney=Named.inner(record, "responsible_attorney"),
            updated_at=read.instant(record, "updated_at"),
            redacted=read.flag(record, "redacted"),
        )


@dataclass(frozen=True, slots=True)
class PracticeArea:
    """A field of law as the firm has set it up. `category` is one of Clio's own, or empty."""

    id: str
    name: str
    code: str
    category: str

    @classmethod
    def parse(cls, record: Record) -> "PracticeArea":
        return cls(
            read.identity(record),
            read.text(record, "name"),
            read.text(record, "code"),
            read.text(record, "category"),
        )


@dataclass(frozen=True, slots=True)
class Activity:
    """
    A time or expense entry. `quantity` is the duration in seconds as it was entered, `rounded` what Clio bills for it
    (rounded up by the firm's setting): the two are not to be compared. Both are None when hidden. `price` (per hour, or
    flat) and `total` are in cents of the firm's currency.
    """

    id: str
    etag: str
    type: str
    date: date | None
    quantity: int | None
    rounded: int | None
    price: int | None
    total: int | None
    note: str
    matter_id: str | None
    user_id: str | None
    calendar_entry_id: str | None
    activity_description: Named | None
    billed: bool
    on_bill: bool
    bill_id: str | None
    bill_state: str
    non_billable: bool
    no_charge: bool
    updated_at: datetime | None
    redacted: bool

    @property
    def locked(self) -> bool:
        """
        Whether it is on any bill, a draft too, and so not ours to touch. `billed` alone is not reliable: it was seen
        true for drafts, and is documented not to be (2026-10).
        """
        return self.on_bill or self.billed or self.bill_id is not None

    @classmethod
    def parse(cls, record: Record) -> "Activity":
        bill = read.inner(record, "bill") or {}
        return cls(
            id=read.identity(record),
            etag=read.text(record, "etag"),
            type=read.text(record, "type"),
            date=read.day(record, "date"),
            quantity=read.whole(record, "quantity"),
            rounded=read.whole(record, "rounded_quantity"),
            price=read.cents(record, "price"),
            total=read.cents(record, "total"),
            note=read.text(record, "note"),
            matter_id=read.inner_id(record, "matter"),
            user_id=read.inner_id(record, "user"),
            calendar_entry_id=read.inner_id(record, "calendar_entry"),
            activity_description=Named.inner(record, "activity_description"),
            billed=read.flag(record, "billed"),
            on_bill=read.flag(record, "on_bill"),
            bill_id=read.reference(bill, "id"),
            bill_state=read.text(bill, "state"),
            non_billable=read.flag(record, "non_billable"),
            no_charge=read.flag(record, "no_charge"),
            updated_at=read.instant(record, "updated_at"),
            redacted=read.flag(record, "redacted") or read.flag(record, "quantity_redacted"),
        )


@dataclass(frozen=True, slots=True)
class ActivityDescription:
    """An activity category, for instance "Consultation". `rate` is in cents, as Clio would apply it, if it has one."""

    id: str
    name: str
    default: bool
    type: str
    rate: int | None
    rate_type: str

    @classmethod
    def parse(cls, record: Record) -> "ActivityDescription":
        rate = read.inner(record, "rate") or {}
        return cls(
            id=read.identity(record),
            name=read.text(record, "name"),
            default=read.flag(record, "default"),
            type=read.text(record, "type"),
            rate=read.cents(rate, "amount"),
            rate_type=read.text(rate, "type"),
        )


@dataclass(frozen=True, slots=True)
class BillingSettings:
    """
    How the firm rounds: up to a multiple of `rounding_minutes` (6: a 7-minute call is billed as 12). None when Clio
    does not say. `currency` is a code such as USD, or empty.
    """

    rounding_minutes: int | None
    use_decimal_rounding: bool
    currency: str
    flat_rate_time_is_non_billable: bool

    @classmethod
    def parse(cls, record: Record) -> "BillingSettings":
        return cls(
            rounding_minutes=read.whole(record, "rounding"),
            use_decimal_rounding=read.flag(record, "use_decimal_rounding"),
            currency=read.text(record, "currency"),
            flat_rate_time_is_non_billable=read.flag(
                record, "time_on_flat_rate_contingency_matters_is_non_billable"
            ),
        )
