"""Plan what is to be sent, deliver it once, and say what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from daybook.appointments.fetched import appointment_by_id
from daybook.appointments.models import Appointment
from daybook.appointments.teams import people_of
from daybook.core.reminders import reminders
from daybook.firms import prepared
from daybook.firms.outbox import record
from daybook.messaging.letters import BESIDE, TO_CLIENT, letter, recipient, why_gone
from daybook.messaging.models import Message
from daybook.messaging.post import Fate, Letter, Outcome, post
from daybook.messaging.queries import moved_by
from daybook.messaging.words import BOOKED, CANCELLED, LAPSED, MOVED, REQUESTED, WITHDRAWN, client_zone

Kind, State = Message.Kind, Message.State
CLIENT = Appointment.Party.CLIENT

#: Whoever sends a message has it to themselves for this long; after that they are taken for dead.
LEASE = timedelta(minutes=10)
#: How long to wait after the first failure, the second, and so on; one attempt more than there are pauses.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))
MOST_ATTEMPTS = len(PAUSES) + 1
#: An attempt of which nobody knows how it went is repeated once: a client may at worst get the same mail twice.
MOST_INTERRUPTIONS = 1


# Planning -------------------------------------------------------------------------------------------------------------


def plan(*, appointment_id: int, occasion_event: str, now: datetime, tell_client: bool = True) -> list[int]:
    """
    Write down every message that follows from an appointment's event, and drop those it makes untrue.

    Called in the transaction that recorded the event. The same event planned twice plans nothing new. A client without
    an email address gets nothing, and nobody is told of what is over: cancelling or moving it is for the books. An appointment whose details changed
    is confirmed anew only to an address that was never written to. Without `tell_client` the client hears nothing of a
    move or a cancellation; reminders follow the new time all the same.

    Returns the ids of messages due now; reminders wait for `due`.
    Raises ValueError for an event that plans nothing, RuntimeError outside a transaction.
    """
    if occasion_event not in _PLANS:
        raise ValueError(f"{occasion_event} plans no messages")
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("messages are planned in the transaction of what they tell")
    appointment = appointment_by_id(appointment_id)
    rows = _PLANS[occasion_event](appointment, now)
    if not tell_client:
        rows = [row for row in rows if row.kind not in (Kind.CHANGE, Kind.CANCELLATION)]
    return _write(appointment, rows, now) if rows else []


#: What is planned, written once, and in the same breath: which of it waits to be sent now, whoever wrote it.
_WRITE = """
    WITH planned AS (
        SELECT * FROM unnest(%(kinds)s::text[], %(occasions)s::text[], %(to)s::text[], %(due)s::timestamptz[])
                   AS planned (kind, occasion, "to", due_at)
    ), written AS (
        INSERT INTO messaging_message (firm_id, appointment_id, kind, occasion, sequence, starts_at, "to", subject,
                                       text, state, due_at, attempts, interruptions, trouble, created_at)
        SELECT %(firm)s, %(appointment)s, kind, occasion, %(sequence)s, %(start)s, "to", '',
               '', 'queued', due_at, 0, 0, '', %(written)s
          FROM planned
            ON CONFLICT (appointment_id, kind, occasion, "to") DO NOTHING
        RETURNING id, due_at
    )
    SELECT id FROM written WHERE due_at <= %(now)s
     UNION
    SELECT older.id FROM messaging_message older JOIN planned USING (kind, occasion, "to")
     WHERE older.appointment_id = %(appointment)s AND older.state = 'queued' AND older.due_at <= %(now)s
     ORDER BY 1
"""


def _write(appointment: Appointment, rows: list[Message], now: datetime) -> list[int]:
    said = {
        "firm": appointment.firm_id,
        "appointment": appointment.pk,
        "sequence": appointment.sequence,
        "start": appointment.start,
        "kinds": [row.kind for row in rows],
        "occasions": [row.occasion for row in rows],
        "to": [row.to for row in rows],
        "due": [row.due_at for row in rows],
        "written": timezone.now(),
        "now": now,
    }
    return [row[0] for row in prepared.rows(_WRITE, said)]


def _after_confirmation(appointment: Appointment, now: datetime) -> list[Message]:
    rows = _to_client(appointment, Kind.CONFIRMATION, now) + _reminders(appointment, now)
    # Whoever accepted a request needs no notice of it; whoever takes part beside them does.
    by = Appointment.Party.FIRM if appointment.requested_at else appointment.booked_by
    return rows + _notices(appointment, BOOKED, now, by=by)


def _after_request(appointment: Appointment, now: datetime) -> list[Message]:
    return _to_client(appointment, Kind.REQUEST, now) + _notices(appointment, REQUESTED, now, by=CLIENT)


def _after_decline(appointment: Appointment, now: datetime) -> list[Message]:
    return _to_client(appointment, Kind.REQUEST_DECLINED, now)


def _after_withdrawal(appointment: Appointment, now: datetime) -> list[Message]:
    return _notices(appointment, WITHDRAWN, now, by=CLIENT)


def _after_lapse(appointment: Appointment, now: datetime) -> list[Message]:
    return _to_client(appointment, Kind.REQUEST_LAPSED, now) + _notices(appointment, LAPSED, now, by=CLIENT)


def _after_move(appointment: Appointment, now: datetime) -> list[Message]:
    older = _queued(appointment).filter(sequence__lt=appointment.sequence)
    _drop(older.exclude(kind=Kind.FIRM_NOTICE), "The appointment was moved since.")
    rows = _to_client(appointment, Kind.CHANGE, now) + _reminders(appointment, now)
    by, told = moved_by(appointment.pk), older.filter(kind=Kind.FIRM_NOTICE)
    _drop(told if by == CLIENT else told.filter(occasion__regex=BESIDE), "The appointment was moved since.")
    return rows + _notices(appointment, MOVED, now, by=by)


def _after_cancellation(appointment: Appointment, now: datetime) -> list[Message]:
    _drop(
        _queued(appointment).filter(sequence__lt=appointment.sequence), "The appointment was cancelled since."
    )
    if appointment.confirmed_at is None:  # a hold was given up: nobody had been told of it
        return []
    rows = _to_client(appointment, Kind.CANCELLATION, now)
    return rows + _notices(appointment, CANCELLED, now, by=appointment.cancelled_by)


def _after_change(appointment: Appointment, now: datetime) -> list[Message]:
    if appointment.state != Appointment.State.CONFIRMED:
        return []
    known = Message.objects.filter(
        appointment=appointment,
        kind__in=(Kind.CONFIRMATION, Kind.CHANGE),
        state__in=(State.QUEUED, State.SENT),
        to=appointment.client_email,
    )
    if known.exists():
        return []
    older = _queued(appointment).filter(sequence__lt=appointment.sequence, kind__in=TO_CLIENT)
    _drop(older, "The client's address was changed since.")
    return _to_client(appointment, Kind.CONFIRMATION, now) + _reminders(appointment, now)


_PLANS: dict[str, Callable[[Appointment, datetime], list[Message]]] = {
    "appointment_confirmed": _after_confirmation,
    "appointment_requested": _after_request,
    "request_declined": _after_decline,
    "request_withdrawn": _after_withdrawal,
    "request_lapsed": _after_lapse,
    "appointment_rescheduled": _after_move,
    "appointment_changed": _after_change,
    "appointment_cancelled": _after_cancellation,
}


def _queued(appointment: Appointment) -> QuerySet[Message]:
    return Message.objects.filter(appointment=appointment, state=State.QUEUED)


def _drop(messages: QuerySet[Message], why: str) -> None:
    messages.update(
        state=State.DROPPED, trouble=why
    )  # a lease stays: whoever is sending it says so in the end


def _row(appointment: Appointment, kind: str, occasion: str, to: str, due_at: datetime) -> Message:
    return Message(
        firm_id=appointment.firm_id,
        appointment=appointment,
        kind=kind,
        occasion=occasion,
        sequence=appointment.sequence,
        starts_at=appointment.start,
        to=to,
        due_at=due_at,
    )


def _to_client(appointment: Appointment, kind: str, now: datetime) -> list[Message]:
    if not appointment.client_email or appointment.end <= now:
        return []
    return [_row(appointment, kind, str(appointment.sequence), appointment.client_email, now)]


def _reminders(appointment: Appointment, now: datetime) -> list[Message]:
    if not appointment.client_email:
        return []
    offsets = [timedelta(minutes=minutes) for minutes in appointment.appointment_type.reminder_minutes]
    return [
        _row(
            appointment,
            Kind.REMINDER,
            f"{appointment.sequence}:{int(reminder.offset.total_seconds()) // 60}",
            appointment.client_email,
            reminder.at,
        )
        for reminder in reminders(appointment.start, offsets, now=now, zone=client_zone(appointment))
    ]


def _notices(appointment: Appointment, act: str, now: datetime, *, by: str) -> list[Message]:
    """
    What the firm's people are told. Its lawyer hears what the client did; whoever takes part beside them hears what the
    firm did as well, since it was not they who did it.
    """
    occasion = f"{act}:{appointment.sequence}"
    lead, *others = people_of(appointment)
    rows = [_row(appointment, Kind.FIRM_NOTICE, occasion, lead.email, now)] if by == CLIENT else []
    if by == CLIENT or appointment.end > now:
        rows += [
            _row(appointment, Kind.FIRM_NOTICE, f"{occasion}:{one.pk}", one.email, now) for one in others
        ]
    return rows


def plan_team(
    *, firm_id: int, kind: str, about: int, occasion: str, to: Iterable[str], due_at: datetime
) -> list[int]:
    """Write down mail to people of the firm, once an occasion and address. Returns the ids of what is still queued."""
    addresses = sorted({address.lower() for address in to})
    rows = [
        Message(firm_id=firm_id, kind=kind, about=about, occasion=occasion, to=address, due_at=due_at)
        for address in addresses
    ]
    with transaction.atomic():
        Message.objects.bulk_create(rows, ignore_conflicts=True)
        found = Message.objects.filter(
            firm=firm_id,
            appointment=None,
            kind=kind,
            occasion=occasion,
            to__in=addresses,
            state=State.QUEUED,
        )
        return list(found.order_by("pk").values_list("pk", flat=True))


# Delivering -----------------------------------------------------------------------------------------------------------


def due(now: datetime, limit: int = 200) -> list[int]:
    """
    The ids of messages to be delivered now, longest due first. Those in somebody's hands are passed over.

    Nothing is reserved: two ticks may list the same one, and `deliver` gives it to the first.
    """
    with transaction.atomic():
        found = _ready(now).select_for_update(skip_locked=True).order_by("due_at", "pk")
        return list(found.values_list("pk", flat=True)[:limit])


def deliver(*, message_id: int, now: datetime) -> str:
    """
    Send one message if it is due and its reason still holds, and return the state it is in then.

    The row is claimed with a lease in one short transaction, the mail server is spoken to outside of any, and the
    outcome is noted in a second one: of two deliverers one sends. If the sender dies, or the line breaks, between the
    server's acceptance and the note, nobody knows: such an attempt is repeated once, with the same Message-ID by which
    mail systems know a duplicate, and then given up as failed. What was certainly not accepted is tried MOST_ATTEMPTS
    times with growing pauses; a permanent refusal fails at once, with the server's reason.

    Not inside a transaction. Raises Message.DoesNotExist, RuntimeError inside a transaction.
    """
    message = _claim(message_id, now)
    if message is not None:
        mail = letter(message, now)
        _note(message, post(mail), mail, now)
    return Message.objects.values_list("state", flat=True).get(pk=message_id)


def _ready(now: datetime) -> QuerySet[Message]:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    return Message.objects.filter(free, state=State.QUEUED, due_at__lte=now)


def _claim(message_id: int, now: datetime) -> Message | None:
    """Lease the message; None when it is not due, in other hands, or has just been dropped or given up."""
    with transaction.atomic(durable=True):
        message = (
            _ready(now)
            .select_for_update(of=("self",), skip_locked=True)
            .select_related(
                "firm", "appointment__lawyer", "appointment__firm", "appointment__appointment_type"
            )
            .filter(pk=message_id)
            .first()
        )
        if message is None:
            return None
        why = why_gone(message, now) or _readdress(message)
        if why:
            message.state, message.trouble, message.leased_until = State.DROPPED, why, None
            message.save()
            return None
        if message.leased_until is not None:  # whoever had it never came back
            message.interruptions += 1
            if message.interruptions > MOST_INTERRUPTIONS:
                _fail(message, "Sending was interrupted twice; the mail may have arrived all the same.", now)
                return None
        message.attempts += 1
        message.leased_until = now + LEASE
        message.save()
        return message


def _readdress(message: Message) -> str:
    """Follow a corrected address. Returns why not to send, if the new address has this very message already."""
    to = recipient(message)
    if to != message.to:
        same = Message.objects.filter(
            appointment=message.appointment_id, kind=message.kind, occasion=message.occasion, to=to
        )
        if same.exists():
            return "The address was changed since, and the new one is written to already."
        message.to = to
    return ""


def _note(claimed: Message, outcome: Outcome, mail: Letter, now: datetime) -> None:
    """Write down how it went, unless the lease ran out and somebody else has it now."""
    with transaction.atomic(durable=True):
        message = (
            Message.objects.select_for_update()
            .filter(pk=claimed.pk, attempts=claimed.attempts, leased_until=claimed.leased_until)
            .first()
        )
        if message is None:
            return
        message.leased_until = None
        if outcome.fate is Fate.ACCEPTED:  # even if it was dropped meanwhile: it has left
            message.state, message.trouble, message.sent_at = State.SENT, "", now
            message.subject, message.text = mail.words.subject, mail.words.text
            message.save()
            _tell("message_sent", message, now)
            return
        if message.state != State.QUEUED:
            message.save()
            return
        if outcome.fate is Fate.UNKNOWN:
            message.interruptions += 1
        over = message.attempts >= MOST_ATTEMPTS or message.interruptions > MOST_INTERRUPTIONS
        if outcome.fate is Fate.REFUSED or over:
            _fail(message, outcome.why, now)
            return
        message.trouble = outcome.why
        message.due_at = now + PAUSES[message.attempts - 1]
        message.save()


def _fail(message: Message, why: str, now: datetime) -> None:
    message.state, message.trouble, message.leased_until = State.FAILED, why[:300], None
    message.save()
    _tell("message_failed", message, now)


def _tell(event: str, message: Message, now: datetime) -> None:
    record(
        event,
        firm=message.firm_id,
        now=now,
        subject=message.pk,
        kind=message.kind,
        appointment=message.appointment_id,
    )
