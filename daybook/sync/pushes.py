"""What Clio and calendars should hear of, and how far they have: one row for each appointment."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from daybook.appointments.models import Appointment
from daybook.firms import prepared
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor
from daybook.sync.models import Connection, Leftover, Link, Push

#: Nobody else touches an appointment's push this long; longer than one request can take. Each request begins it anew.
LEASE = timedelta(minutes=3)

#: Pauses before the next try, by how often it has failed; the last one repeats.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 45, 120, 300, 600, 900))


def want(*, appointment_id: int, firm_id: int, now: datetime) -> bool:
    """
    Note, in the caller's transaction, that Clio and the appointment's calendar should hear of its latest change. False
    when there is neither, so there is nothing to do now: what has been shown somewhere before is still noted, for the
    day its account is connected again.
    """
    said = {"appointment": appointment_id, "firm": firm_id, "now": now}
    return bool(prepared.rows(_WANT, said)[0][0])


_ANEW = "wanted = sync_push.wanted + 1, state = 'pending', next_try_at = %(now)s, attempts = 0, trouble = ''"
#: Somebody hears of it: the firm's Clio, the calendar that receives it, or the one that still shows it.
_WANT = f"""
    WITH heard AS MATERIALIZED (
        SELECT EXISTS (
            SELECT FROM sync_connection
             WHERE firm_id = %(firm)s AND provider = 'clio' AND state <> 'disconnected'
        ) OR EXISTS (
            SELECT FROM appointments_appointment a
              JOIN appointments_appointmenttype t ON t.id = a.appointment_type_id
              JOIN calendars_calendar c ON c.id = t.linked_calendar_id OR c.id = (
                       SELECT u.calendar_id FROM calendars_calendaruse u
                        WHERE u.lawyer_id = a.lawyer_id AND u.is_primary)
              JOIN sync_connection k ON k.id = c.connection_id AND k.state <> 'disconnected'
             WHERE a.id = %(appointment)s AND c.present AND c.permission IN ('owner', 'editor')
        ) OR EXISTS (
            SELECT FROM sync_connection k
              JOIN sync_link l ON l.connection_id = k.id AND l.kind = 'entry' AND l.ours = %(appointment)s
             WHERE k.firm_id = %(firm)s AND k.state <> 'disconnected'
        ) AS somewhere
    ), wanted AS (
        INSERT INTO sync_push (firm_id, appointment_id, state, wanted, reached, attempts, trouble, next_try_at,
                               place, updated_at)
        SELECT %(firm)s, %(appointment)s, 'pending', 1, 0, 0, '', %(now)s, '', now() FROM heard WHERE somewhere
            ON CONFLICT (appointment_id) DO UPDATE SET {_ANEW}
    ), noted AS (
        UPDATE sync_push SET {_ANEW}
         WHERE appointment_id = %(appointment)s AND NOT (SELECT somewhere FROM heard)
    )
    SELECT somewhere FROM heard
"""  # noqa: S608 - our own columns


def _again(pushes: QuerySet[Push], now: datetime) -> int:
    return pushes.update(
        wanted=F("wanted") + 1, state=Push.State.PENDING, next_try_at=now, attempts=0, trouble=""
    )


def want_coming(*, connection: Connection, now: datetime) -> None:
    """
    Queue, for a firm that has just connected Clio, every coming appointment that this account does not hold, whether
    made without Clio or written to another account before; and whatever has changed since this account heard of it.
    """
    held = Link.objects.filter(connection=connection, kind=Link.Kind.ENTRY).values("ours")
    coming = Appointment.objects.filter(
        firm=connection.firm_id, state=Appointment.State.CONFIRMED, during__endswith__gt=now
    ).exclude(pk__in=held)
    with transaction.atomic():
        _again(Push.objects.filter(appointment__in=coming, state=Push.State.DONE), now)
        _again(_behind(Connection.objects.filter(pk=connection.pk)), now)
        rows = [
            Push(firm_id=connection.firm_id, appointment=appointment, next_try_at=now)
            for appointment in coming.filter(push=None)
        ]
        Push.objects.bulk_create(rows, ignore_conflicts=True)


def want_of_lawyer(*, lawyer_id: int, now: datetime) -> list[int]:
    """
    A calendar or a Clio user was chosen for a lawyer, or an account of theirs mended: what waited for that goes now,
    with every coming appointment that lies in no calendar yet, and what has changed since the account heard of it.
    Returns the appointments to push.
    """
    with transaction.atomic():
        _again(_behind(Connection.objects.filter(lawyer=lawyer_id)), now)
        waiting = Push.objects.filter(appointment__lawyer=lawyer_id).exclude(state=Push.State.DONE)
        ids = list(waiting.values_list("appointment_id", flat=True))
        waiting.update(state=Push.State.PENDING, next_try_at=now, attempts=0)
        shown = Link.objects.filter(
            kind=Link.Kind.ENTRY, ours=OuterRef("pk"), connection__firm=OuterRef("firm")
        ).exclude(connection__state=Connection.State.DISCONNECTED)
        nowhere = Appointment.objects.filter(
            lawyer=lawyer_id, state=Appointment.State.CONFIRMED, during__endswith__gt=now
        ).exclude(Exists(shown))
        for appointment_id, firm_id in nowhere.exclude(pk__in=ids).values_list("pk", "firm"):
            if want(appointment_id=appointment_id, firm_id=firm_id, now=now):
                ids.append(appointment_id)
    return ids


def _behind(connections: QuerySet[Connection]) -> QuerySet[Push]:
    """Pushes that ended while one of these accounts was not there to hear of a change, or to be cleared."""
    heard = Link.objects.filter(
        connection__in=connections,
        kind__in=(Link.Kind.ENTRY, Link.Kind.ACTIVITY),
        ours=OuterRef("appointment"),
        agreed_at__lt=OuterRef("appointment__updated_at"),
        connection__firm=OuterRef("firm"),
    )
    left = Leftover.objects.filter(connection__in=connections, appointment=OuterRef("appointment"))
    return Push.objects.filter(Exists(heard) | Exists(left), state=Push.State.DONE)


class LeaseLost(Exception):
    """Somebody else has taken an appointment's push over: whoever had it stops where they are."""


@dataclass(slots=True)
class Lease:
    """The right to push one appointment for a while, and what was wanted when it was taken."""

    push_id: int
    wanted: int
    until: datetime

    def keep(self) -> None:
        """Begin the lease anew, as is done before each request. Raises LeaseLost."""
        until = timezone.now() + LEASE
        if not self._rows().update(leased_until=until):
            raise LeaseLost
        self.until = until

    def locked(self) -> Push:
        """The push, for the end of the caller's transaction to write down what came of it. Raises LeaseLost."""
        push = self._rows().select_for_update().first()
        if push is None:
            raise LeaseLost
        return push

    def _rows(self) -> QuerySet[Push]:
        return Push.objects.filter(pk=self.push_id, leased_until=self.until)


def take(appointment_id: int, now: datetime) -> Lease | None:
    """The lease of a pending push, or None when there is nothing to do or somebody else is at it."""
    rows = Push.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), appointment=appointment_id)
    with transaction.atomic():
        push = rows.select_for_update(skip_locked=True, no_key=True).first()
        if push is None or (push.state == Push.State.DONE and push.wanted <= push.reached):
            return None
        push.leased_until = now + LEASE
        push.save(update_fields=["leased_until"])
        return Lease(push.pk, push.wanted, push.leased_until)


def borrow(appointment_id: int, now: datetime) -> Lease | None:
    """
    The lease of a push whatever its state, to look at the entry while nobody writes it; `give_back` ends it. None when
    there is no push, or somebody has it.
    """
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    with transaction.atomic():
        rows = Push.objects.filter(free, appointment=appointment_id)
        push = rows.select_for_update(skip_locked=True, no_key=True).first()
        if push is None:
            return None
        push.leased_until = now + LEASE
        push.save(update_fields=["leased_until"])
        return Lease(push.pk, push.wanted, push.leased_until)


def give_back(lease: Lease) -> None:
    """End a lease that was borrowed; one lost meanwhile is somebody else's to end."""
    Push.objects.filter(pk=lease.push_id, leased_until=lease.until).update(leased_until=None)


def done(lease: Lease, *, place: str, now: datetime) -> bool:
    """
    What was wanted is shown, the appointment in `place`. True when something newer is wanted by now, and the push has
    to go again.

    Raises LeaseLost.
    """
    with transaction.atomic():
        push = lease.locked()
        push.reached = lease.wanted
        push.leased_until = None
        push.attempts = 0
        push.trouble = ""
        push.place = place or push.place
        again = push.wanted > lease.wanted
        push.state = Push.State.PENDING if again else Push.State.DONE
        push.next_try_at = now if again else None
        push.save()
    return again


def failed(
    lease: Lease, *, text: str, now: datetime, after: timedelta | None, counts: bool, for_good: bool
) -> datetime | None:
    """
    Note why it did not work. `after` is when to try again, None for the usual growing pause; `for_good` means that
    only a person can help, unless something else is wanted by now. Returns the instant of the next try.

    Raises LeaseLost.
    """
    with transaction.atomic():
        push = lease.locked()
        push.leased_until = None
        push.trouble = text[:300]
        push.attempts += 1 if counts else 0
        if for_good and push.wanted > lease.wanted:
            push.state, push.next_try_at, push.attempts = Push.State.PENDING, now, 0
        elif for_good:
            push.state, push.next_try_at = Push.State.TROUBLE, None
        else:
            pause = after or PAUSES[min(push.attempts, len(PAUSES)) - 1 if push.attempts else 0]
            spread = random.uniform(1.0, 1.2)  # noqa: S311 - spreads the herd after an outage
            push.state, push.next_try_at = Push.State.PENDING, now + pause * spread
        push.save()
    return push.next_try_at


def due(now: datetime, limit: int = 200) -> list[int]:
    """
    Appointments whose next try has come and that nobody is pushing, where at least one account works: the firm's Clio,
    or one of the lawyer's own. Broken connections wait to be mended.
    """
    working = Connection.objects.filter(state=Connection.State.ACTIVE, firm=OuterRef("firm")).exclude(
        provider=Connection.Provider.ICS
    )
    of_firm_or_own = Q(lawyer=None) | Q(lawyer=OuterRef("appointment__lawyer"))
    rows = (
        Push.objects.filter(state=Push.State.PENDING, next_try_at__lte=now)
        .filter(Q(leased_until=None) | Q(leased_until__lte=now))
        .filter(Exists(working.filter(of_firm_or_own)))
        .order_by("next_try_at")
    )
    return list(rows.values_list("appointment_id", flat=True)[:limit])


def retry(*, actor: Actor, appointment: Appointment, now: datetime) -> None:
    """Somebody pressed the button: try again at once."""
    with transaction.atomic():
        waiting = Push.objects.filter(appointment=appointment).exclude(state=Push.State.DONE)
        if waiting.update(state=Push.State.PENDING, next_try_at=now, attempts=0):
            record(
                "push_retried", firm=appointment.firm_id, now=now, subject=appointment.pk, actor=actor.user
            )


def link(connection: Connection, kind: str, ours: int) -> Link | None:
    return Link.objects.filter(connection=connection, kind=kind, ours=ours).first()


def remember(
    connection: Connection,
    kind: str,
    ours: int,
    theirs: str,
    etag: str,
    agreed: dict[str, object],
    now: datetime,
) -> Link:
    """Save which of their records is ours, and what both sides now say. The latest knowledge wins."""
    saved, _ = Link.objects.update_or_create(
        connection=connection,
        kind=kind,
        ours=ours,
        defaults={"theirs": theirs, "etag": etag[:1024], "agreed": agreed, "agreed_at": now},
    )
    return saved


def forget(connection: Connection, kind: str, ours: int) -> None:
    Link.objects.filter(connection=connection, kind=kind, ours=ours).delete()
