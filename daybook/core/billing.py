"""What Clio's time entry says of an appointment, what it will come to, and what a change does to it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from daybook.core.errors import BadDuration
from daybook.core.hours import local_day
from daybook.core.money import Money
from daybook.core.periods import Period

#: The most one entry can hold: a day. A longer one is a slip of the keyboard.
MOST_SECONDS = 86_400

#: Clio shows hours to two decimals; one hundredth is this many seconds. Clio support 360007198414, read 2026-11.
_HUNDREDTH = 36


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """
    What the one activity of an appointment should say in Clio.

    `on` is a date in the lawyer's zone. `seconds` is what was scheduled or worked, before Clio's rounding. `rate` is per
    hour; None leaves the rate to Clio's own rules (activity category, matter, client, user), and is not the same as zero.
    `matter`, `lawyer` and `category` are Clio's ids; an empty category is none.
    """

    on: date
    seconds: int
    matter: str
    lawyer: str = ""
    note: str = ""
    rate: Money | None = None
    category: str = ""
    non_billable: bool = False
    no_charge: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What Clio will make of a time entry. `amount` is None when the rate is left to Clio."""

    rounded_seconds: int
    hours: Decimal
    amount: Money | None


def entry_date(start: datetime, zone: str) -> date:
    """
    The date of an activity: the day in the lawyer's zone on which the appointment starts, whatever day UTC has.

    Raises: UnknownTimeZone. ValueError for a naive time.
    """
    return local_day(start, zone)


def scheduled_seconds(during: Period) -> int:
    """How long an appointment was planned to take, in elapsed seconds: what is sent unless somebody says otherwise."""
    return int(during.length.total_seconds())


def billed_unless_said(fee_cents: int) -> bool:
    """
    Whether an appointment's time is billable as long as nobody says otherwise, on a form or when it is sent by itself.

    A type that is offered without a fee was promised to cost nothing: its time is recorded at no charge. A fee says
    nothing about what the time is worth; both are charged unless somebody decides against one of them.

    Raises: ValueError for a negative fee.
    """
    if fee_cents < 0:
        raise ValueError("a fee is not negative")
    return fee_cents > 0


def check_seconds(seconds: int) -> int:
    """
    The duration, if one entry can hold it: a minute to 24 hours.

    Raises: BadDuration.
    """
    if not 60 <= seconds <= MOST_SECONDS:
        raise BadDuration
    return seconds


def preview(
    seconds: int,
    *,
    rounding_minutes: int | None = None,
    rate: Money | None = None,
    decimal_rounding: bool = False,
    no_charge: bool = False,
) -> Preview:
    """
    What Clio will show and charge for `seconds`.

    Clio rounds time up to a multiple of the account's minutes (6: 7 minutes become 12, 45 become 48); without a setting
    the increment is one minute. With decimal rounding the hours then go up to two decimals (0.248 to 0.25). It charges
    the rounded time. Hours are shown to two decimals in any case.
    Source: Clio support 203435410 and 360007198414; `rounding` and `use_decimal_rounding` of settings/billing.json; read
    2025. The order of the two, when both are on, is not documented and is taken from how they are described.

    Raises: ValueError for negative seconds or minutes.
    """
    if seconds < 0 or (rounding_minutes or 0) < 0:
        raise ValueError("time is not negative")
    rounded = _up(seconds, 60 * (rounding_minutes or 1))
    if decimal_rounding:
        rounded = _up(rounded, _HUNDREDTH)
    exact = Decimal(rounded) / 3600
    amount = None
    if no_charge and rate is not None:
        amount = Money(0, rate.currency)
    elif rate is not None:
        # Multiplied before it is divided: a third of an hour has no last decimal, and half a cent would get lost.
        amount = Money(_half_up(rate.cents * rounded, 3600), rate.currency)
    return Preview(rounded, exact.quantize(Decimal("0.01"), ROUND_HALF_UP), amount)


def _up(seconds: int, increment: int) -> int:
    return -(-seconds // increment) * increment


def _half_up(amount: int, parts: int) -> int:
    return (2 * amount + parts) // (2 * parts)


class Wanted(StrEnum):
    """Whether the appointment should have a time entry now: it is confirmed and was sent."""

    PRESENT = "present"
    ABSENT = "absent"


class Theirs(StrEnum):
    """What Clio holds of it."""

    NEVER = "never"  # it was never created, as far as can be found
    UNBILLED = "unbilled"
    DRAFT = "draft"  # on a bill that has not been issued: a draft, or awaiting approval
    BILLED = "billed"  # on an issued bill
    GONE = "gone"  # it was there, and somebody has deleted it in Clio


class Verdict(StrEnum):
    """What to do about it."""

    LEAVE = "leave"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    TASK = "task"  # leave it alone and tell a person


#: An activity on any bill is locked, draft included (Clio answers 422 "has been billed"; seen 2026): never touched.
#: One that somebody deleted in Clio is not made again behind their back.
VERDICTS: dict[Wanted, dict[Theirs, Verdict]] = {
    Wanted.PRESENT: {
        Theirs.NEVER: Verdict.CREATE,
        Theirs.UNBILLED: Verdict.UPDATE,
        Theirs.DRAFT: Verdict.TASK,
        Theirs.BILLED: Verdict.TASK,
        Theirs.GONE: Verdict.TASK,
    },
    Wanted.ABSENT: {
        Theirs.NEVER: Verdict.LEAVE,
        Theirs.UNBILLED: Verdict.DELETE,
        Theirs.DRAFT: Verdict.TASK,
        Theirs.BILLED: Verdict.TASK,
        Theirs.GONE: Verdict.LEAVE,
    },
}


def theirs(*, found: bool, known_before: bool, on_bill: bool, billed: bool) -> Theirs:
    """
    What Clio holds, from what it answered.

    `known_before` says that an activity was once linked. `on_bill` also counts drafts and is the one to trust: `billed` was
    seen true for drafts too (2026), which makes no difference to what is done.
    """
    if not found:
        return Theirs.GONE if known_before else Theirs.NEVER
    if billed:
        return Theirs.BILLED
    return Theirs.DRAFT if on_bill else Theirs.UNBILLED


def verdict(wanted: Wanted, held: Theirs, *, differs: bool = True) -> Verdict:
    """
    What to do. `differs` says whether a wanted entry says anything else than Clio's; if not, all is well.
    """
    if wanted is Wanted.PRESENT and not differs and held in (Theirs.UNBILLED, Theirs.DRAFT, Theirs.BILLED):
        return Verdict.LEAVE
    return VERDICTS[wanted][held]


def changes(before: TimeEntry, now: TimeEntry) -> dict[str, object]:
    """
    The fields of `now` that differ from `before`, with their new values: all that an update needs to say.

    Changing the lawyer, the matter or the category without a rate lets Clio set the rate anew, so a rate that is known
    comes along whenever one of them changes.
    """
    changed = {f.name: getattr(now, f.name) for f in fields(TimeEntry)}
    changed = {name: value for name, value in changed.items() if value != getattr(before, name)}
    if now.rate is not None and not changed.keys().isdisjoint({"lawyer", "matter", "category"}):
        changed["rate"] = now.rate
    return changed


def rescheduled(entry: TimeEntry, during: Period, zone: str, *, keep_seconds: bool = False) -> TimeEntry:
    """
    The entry after its appointment has moved: the new date, and the new duration unless somebody had edited it.

    Raises: UnknownTimeZone.
    """
    seconds = entry.seconds if keep_seconds else scheduled_seconds(during)
    return replace(entry, on=entry_date(during.start, zone), seconds=seconds)


def parse_duration(text: str) -> timedelta:
    """
    What a person typed as time worked: "45" (minutes), "1:30", "1h 30m", "1.5h", "0.75 h", "0.5" (hours).

    A number alone is minutes when it is whole and hours when it has a decimal point, as each is usually meant.

    Raises: BadDuration for anything else, and outside a minute to 24 hours.
    """
    typed = "".join(text.lower().replace(",", ".").split())
    for word in ("hours", "hour", "hrs", "hr"):
        typed = typed.replace(word, "h")
    for word in ("minutes", "minute", "mins", "min"):
        typed = typed.replace(word, "m")
    hours, minutes = "0", typed
    if ":" in typed:
        hours, _, minutes = typed.partition(":")
        if not (len(minutes) == 2 and minutes < "60"):
            raise BadDuration
    elif "h" in typed:
        hours, _, minutes = typed.partition("h")
    elif "." in typed and not typed.endswith("m"):
        hours, minutes = typed, "0"
    minutes = minutes.removesuffix("m") or "0"
    if not _plain(hours) or not _plain(minutes) or (hours == "0" == minutes):
        raise BadDuration
    seconds = (Decimal(hours) * 3600 + Decimal(minutes) * 60).quantize(Decimal(1), ROUND_HALF_UP)
    return timedelta(seconds=check_seconds(int(seconds)))


def _plain(number: str) -> bool:
    whole, _, part = number.partition(".")
    return number.isascii() and len(number) <= 8 and (whole + part).isdigit() and number.count(".") <= 1
