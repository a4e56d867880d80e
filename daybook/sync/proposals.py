"""Edits that come back: an entry moved or deleted in its calendar becomes a proposal, answered once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.http import Http404

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.calendars.models import Calendar
from daybook.connectors.calendars import Seen
from daybook.connectors.errors import RemoteTrouble, Retry, Stale
from daybook.core import edits
from daybook.core.edits import PROPOSES, Sight, Theirs, Verdict
from daybook.core.errors import ChangedMeanwhile, Refusal
from daybook.core.periods import Period
from daybook.firms.models import User
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor, may
from daybook.sync import providers, pushes
from daybook.sync.models import Connection, Link, Proposal, Push
from daybook.sync.sights import BEING_MADE, Found, Hand, Waits, agreed_of, during_of, hand_of, look, sight_of

Kind, Answer = Proposal.Kind, Proposal.Answer

KINDS: dict[Verdict, str] = {
    Verdict.MOVE: Kind.MOVED,
    Verdict.ASK: Kind.UNTIMED,
    Verdict.CANCEL: Kind.DELETED,
}

#: What of a link's `agreed` says which sight of the entry has been looked at and is left alone.
LEFT = "left"


class AnsweredAlready(Refusal):
    """Somebody was quicker, or pressed twice; or it settled itself."""

    says = "This has been answered already."


# --- what a reading sees ----------------------------------------------------------------------------------------------


def notice(*, calendar: Calendar, seen: Iterable[Seen], window: Period, whole: bool, now: datetime) -> None:
    """
    Compare what a reading of a calendar says of our entries with what was last agreed, and have each that differs looked
    at. `whole` says that `seen` is all there is in `window`: an entry that should be there and is not differs, too.

    No request is made, and nothing is claimed yet: the reading may be older than our own latest change.
    """
    by_id = {one.id: one for one in seen}
    if not by_id and not whole:
        return
    appointments = Appointment.objects.filter(
        firm=calendar.firm_id,
        state=Appointment.State.CONFIRMED,
        during__endswith__gt=window.start,
        during__startswith__lt=window.end,
    )
    links = Link.objects.filter(
        connection=calendar.connection_id, kind=Link.Kind.ENTRY, agreed__calendar=calendar.external_id
    ).exclude(theirs__startswith=BEING_MADE)
    held = {link.ours: link for link in links.filter(ours__in=appointments.values("pk"))}
    if not held:
        return
    by_mark = {one.mark: one for one in by_id.values() if one.mark}
    opened = {
        one.appointment_id: one for one in Proposal.objects.filter(appointment__in=held, answered_at=None)
    }
    for appointment in appointments.filter(pk__in=held):
        link = held[appointment.pk]
        one = by_id.get(link.theirs) or by_mark.get(str(appointment.uid))
        if one is None and not (whole and window.covers(agreed_of(link))):
            continue
        if one is not None and not one.items:
            one = None
        if _known(sight_of(one, appointment, link), link, opened.get(appointment.pk)):
            continue
        with transaction.atomic():
            record("entry_differs", firm=appointment.firm_id, now=now, subject=appointment.pk)


def _known(sight: Sight, link: Link, proposal: Proposal | None) -> bool:
    """Whether a sight tells nothing new. One without any time may be gone or lie elsewhere: who looks finds out."""
    nowhere = (Theirs.GONE, Theirs.UNTIMED)
    if proposal is not None:
        if sight.theirs in nowhere:
            return proposal.kind in (Kind.DELETED, Kind.UNTIMED)
        return proposal.kind == Kind.MOVED and sight.mark == _mark_of(proposal)
    if sight.theirs in (Theirs.SAME, Theirs.AGREES):
        return True
    left = link.agreed.get(LEFT)
    return left == sight.mark or (sight.theirs in nowhere and left in (str(one) for one in nowhere))


def _mark_of(proposal: Proposal) -> str:
    during = Period(proposal.start, proposal.end) if proposal.start and proposal.end else None
    return Sight(Theirs.MOVED, during).mark


def look_at(*, appointment_id: int, now: datetime) -> datetime | None:
    """
    Ask for the appointment's entry and note what somebody did to it. While it is looked at nobody writes it.

    Returns when to look again, if the other system did not answer or the entry is being written at this moment.
    """
    appointment = Appointment.objects.select_related("lawyer").filter(pk=appointment_id).first()
    link = _entry_link(appointment_id)
    if appointment is None or link is None or link.connection.state != Connection.State.ACTIVE:
        return None
    lease = pushes.borrow(appointment_id, now)
    if lease is None:
        busy = Push.objects.filter(appointment=appointment_id).exists()
        return now + pushes.PAUSES[1] if busy else None
    try:
        link = Link.objects.select_related("connection").get(pk=link.pk)
        hand = hand_of(link.connection, appointment, now=now, before=lease.keep)
        with providers.noticing(link.connection):
            found = look(hand, link)
        settle(hand, link, found)
    except (Link.DoesNotExist, Waits, pushes.LeaseLost):
        return None  # somebody has done more with it meanwhile
    except RemoteTrouble as trouble:
        return None if trouble.retry is Retry.NEVER else now + pushes.PAUSES[3]
    finally:
        pushes.give_back(lease)
    return None


def _entry_link(appointment_id: int) -> Link | None:
    links = Link.objects.filter(kind=Link.Kind.ENTRY, ours=appointment_id).exclude(
        theirs__startswith=BEING_MADE
    )
    return links.exclude(connection__state="disconnected").select_related("connection").first()


def settle(hand: Hand, held: Link, found: Found) -> Verdict:
    """
    Decide what is done about how the entry was found, and write it down: a proposal made, renewed or withdrawn; what was
    seen remembered, so that the next change is written over exactly that. Who may not overwrite sees it by `PROPOSES`.

    Raises Stale when the appointment was changed here since it was read: whoever changed it has queued a push.
    """
    with transaction.atomic():
        appointment = Appointment.objects.select_for_update(no_key=True).get(pk=hand.appointment.pk)
        if appointment.sequence != hand.appointment.sequence:
            raise Stale(Connection.Provider(hand.connection.provider).label)
        here = edits.ours(
            confirmed=appointment.state == Appointment.State.CONFIRMED,
            during=during_of(appointment),
            agreed=agreed_of(held),
            now=hand.now,
        )
        verdict = edits.verdict(here, found.sight.theirs)
        if verdict in PROPOSES:
            _propose(hand, appointment, KINDS[verdict], found)
            return verdict
        if verdict is not Verdict.NOTHING:
            _withdraw(appointment, hand.now)
        held.agreed = {name: value for name, value in held.agreed.items() if name != LEFT}
        if found.sight.theirs is Theirs.AGREES:
            held.agreed |= _times(during_of(appointment))
        elif found.sight.theirs is not Theirs.SAME:
            held.agreed[LEFT] = found.sight.mark
        held.theirs, held.etag = found.id, found.etag[:1024]
        held.save(update_fields=["agreed", "theirs", "etag"])
        if verdict is Verdict.RESTORE and appointment.state == Appointment.State.CANCELLED:
            record("edit_restored", firm=appointment.firm_id, now=hand.now, subject=appointment.pk)
    return verdict


def _times(during: Period) -> dict[str, str]:
    return {"start": during.start.isoformat(), "end": during.end.isoformat()}


def _propose(hand: Hand, appointment: Appointment, kind: str, found: Found) -> None:
    during = found.sight.during if kind == Kind.MOVED else None
    said: dict[str, object] = {
        "kind": kind,
        "start": during.start if during else None,
        "end": during.end if during else None,
    }
    now_called = {"theirs": found.id, "etag": found.etag[:1024], "connection": hand.connection}
    proposal = open_of(appointment.pk)
    if proposal is not None and all(getattr(proposal, name) == value for name, value in said.items()):
        Proposal.objects.filter(pk=proposal.pk).update(**now_called)
        return
    if proposal is not None:
        Proposal.objects.filter(pk=proposal.pk).update(
            **said, **now_called, edits=F("edits") + 1, noticed_at=hand.now
        )
    else:
        Proposal.objects.create(
            firm_id=appointment.firm_id,
            lawyer_id=appointment.lawyer_id,
            appointment=appointment,
            calendar=_calendar_name(hand, appointment),
            noticed_at=hand.now,
            **said,
            **now_called,
        )
    record("edit_proposed", firm=appointment.firm_id, now=hand.now, subject=appointment.pk, kind=kind)


def _calendar_name(hand: Hand, appointment: Appointment) -> str:
    link = pushes.link(hand.connection, Link.Kind.ENTRY, appointment.pk)
    external = link.agreed.get("calendar") if link else None
    row = Calendar.objects.filter(connection=hand.connection, external_id=external).first()
    return row.name if row else Connection.Provider(hand.connection.provider).label


def _withdraw(appointment: Appointment, now: datetime) -> None:
    proposal = open_of(appointment.pk)
    if proposal is not None:
        _close(proposal, Answer.WITHDRAWN, None, now)
        record("edit_withdrawn", firm=appointment.firm_id, now=now, subject=appointment.pk)


def _close(proposal: Proposal, answer: str, by: User | None, now: datetime) -> None:
    Proposal.objects.filter(pk=proposal.pk).update(answer=answer, answered_at=now, answered_by=by)


# --- what people answer -----------------------------------------------------------------------------------------------


def open_of(appointment_id: int) -> Proposal | None:
    """What waits for an answer about an appointment."""
    return Proposal.objects.filter(appointment=appointment_id, answered_at=None).first()


def open_at(actor: Actor, lawyer_id: int) -> list[Proposal]:
    """What waits at a lawyer's desk for somebody who may answer it, longest first."""
    found = Proposal.objects.filter(firm=actor.firm, lawyer=lawyer_id, answered_at=None).select_related(
        "appointment__lawyer", "appointment__appointment_type", "appointment__firm", "connection", "lawyer"
    )
    return [
        one for one in found.order_by("noticed_at", "pk") if may(actor, "manage_appointments", one.lawyer)
    ]


def access_proposal(actor: Actor, proposal_id: int) -> Proposal:
    """An open or answered one. Raises Http404 for another firm's, and for a lawyer this person does not manage."""
    found = (
        Proposal.objects.filter(pk=proposal_id, firm=actor.firm)
        .select_related(
            "appointment__lawyer",
            "appointment__appointment_type",
            "appointment__firm",
            "connection",
            "lawyer",
        )
        .first()
    )
    if found is None or not may(actor, "manage_appointments", found.lawyer):
        raise Http404
    return found


def reschedule(
    *, actor: Actor, proposal: Proposal, edits_seen: int, tell_client: bool, now: datetime
) -> Appointment:
    """
    Move the appointment to where its entry is. As the desk's own Reschedule, refusals included; nothing is written twice.

    `edits_seen` is how often the entry had been changed when the page was made. Raises Refusal.
    """
    one = _still_open(proposal, edits_seen)
    if one.start is None:
        raise ChangedMeanwhile
    return operations.reschedule(
        appointment=proposal.appointment,
        start=one.start,
        by=Appointment.Party.FIRM,
        now=now,
        actor=actor,
        tell_client=tell_client,
    )


def cancel(
    *, actor: Actor, proposal: Proposal, edits_seen: int, tell_client: bool, now: datetime
) -> Appointment:
    """Call the appointment off, as the desk's own Cancel. Raises Refusal."""
    _still_open(proposal, edits_seen)
    return operations.cancel(
        appointment=proposal.appointment,
        by=Appointment.Party.FIRM,
        now=now,
        actor=actor,
        tell_client=tell_client,
    )


def restore(*, actor: Actor, proposal: Proposal, edits_seen: int, now: datetime) -> None:
    """Keep the appointment as it is: its calendar is made to show it again. Raises Refusal."""
    with transaction.atomic():
        appointment = Appointment.objects.select_for_update(no_key=True).get(pk=proposal.appointment_id)
        one = _still_open(proposal, edits_seen)
        _acknowledge(one, appointment)
        _close(one, Answer.RESTORED, actor.user, now)
        record(
            "edit_restored",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            actor=actor.user,
            behalf_of=actor.on_behalf,
        )


def overtaken(*, appointment_id: int, by: User | None, now: datetime) -> None:
    """
    The appointment was moved or cancelled, in the caller's transaction: that answers an open proposal, or overtakes it.
    What was seen over there is written over by the push that follows.
    """
    one = open_of(appointment_id)
    if one is None:
        return
    appointment = Appointment.objects.get(pk=appointment_id)
    if appointment.state == Appointment.State.CANCELLED:
        answer = Answer.CANCELLED
    else:
        answer = Answer.RESCHEDULED if appointment.start == one.start else Answer.WITHDRAWN
    _acknowledge(one, appointment)
    _close(one, answer, by, now)
    record("edit_answered", firm=one.firm_id, now=now, subject=appointment_id, actor=by, answer=answer)


def _still_open(proposal: Proposal, edits_seen: int) -> Proposal:
    one = Proposal.objects.filter(pk=proposal.pk).first()
    if one is None or one.answered_at is not None:
        raise AnsweredAlready
    if one.edits != edits_seen:
        raise ChangedMeanwhile
    return one


def _acknowledge(proposal: Proposal, appointment: Appointment) -> None:
    """What the entry says now is known and decided on: the next push may write over exactly that."""
    link = Link.objects.filter(
        connection=proposal.connection_id, kind=Link.Kind.ENTRY, ours=proposal.appointment_id
    ).first()
    if link is None:
        return
    if proposal.kind == Kind.DELETED:
        if appointment.state == Appointment.State.CONFIRMED:
            link.delete()  # so that it is found, or made again
        return
    link.theirs, link.etag = proposal.theirs, proposal.etag
    known = _times(Period(proposal.start, proposal.end)) if proposal.start and proposal.end else {}
    link.agreed = {**link.agreed, **known, "summary": None}  # so that it is written whole
    link.save(update_fields=["theirs", "etag", "agreed"])
