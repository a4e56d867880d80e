"""The first import: read and laid out, shown to a person, then taken in. Clio is not written to before that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from daybook.contacts import lookup
from daybook.core.matching import Decision
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor
from daybook.sync.mirror import owing, pairing, rows, terms
from daybook.sync.mirror.meeting import look_again, meet
from daybook.sync.mirror.records import Theirs, later, staged
from daybook.sync.mirror.tally import round_of
from daybook.sync.models import Apart, ContactSync, Cycle, Staged

#: How many contacts are taken in together with the progress, in one transaction.
BATCH = 1000
STRETCH = timedelta(seconds=40)

VERDICTS: dict[Decision, str] = {
    Decision.LINK: Staged.Verdict.LINK,
    Decision.REVIEW: Staged.Verdict.ASK,
    Decision.NEW: Staged.Verdict.NEW,
}


def stage(setting: ContactSync, records: Sequence[Theirs], now: datetime, tally: Cycle) -> None:
    """Lay out what was read, with what would become of it: in the caller's transaction."""
    connection = setting.connection
    _lightly()
    linked = rows.links_of(connection, [one.id for one in records])
    apart = pairing.Apartness.of(connection, [one.id for one in records])
    laid_out = [staged(one, Staged.Verdict.KNOWN, linked[one.id].ours) for one in records if one.id in linked]
    strangers = [one for one in records if one.id not in linked and one.id not in apart.unwanted]
    for one, found in pairing.pair_all(connection, strangers, apart):
        contact = found.contact if found.decision is not Decision.NEW else None
        laid_out.append(staged(one, VERDICTS[found.decision], contact.pk if contact else None, found.because))
    rows.stage(connection, laid_out)


def _lightly() -> None:
    """
    Do not wait for the disk at the end of this transaction. A power cut may undo the last of them, but each as a whole:
    what was laid out or taken in together with its progress is then done again.
    """
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _wanted(setting: ContactSync) -> QuerySet[Staged]:
    """What is laid out and not left out by the firm's filters; who is linked already stays so."""
    wanted = Staged.objects.filter(connection=setting.connection)
    if setting.clients_only:
        wanted = wanted.filter(Q(is_client=True) | Q(verdict=Staged.Verdict.KNOWN))
    if setting.people_only:
        wanted = wanted.filter(Q(card__kind="person") | Q(verdict=Staged.Verdict.KNOWN))
    return wanted


@dataclass(frozen=True, slots=True)
class Preview:
    """What the first import is going to do, in numbers of contacts, and the first few of each kind."""

    link: int
    pull: int
    ask: int
    create: int  # in Clio
    known: int
    left_out: int  # by the filters
    examples: dict[str, list[Staged]]
    examples_create: list[str]


def preview(setting: ContactSync, examples: int = 8) -> Preview:
    """What approving would do, as things stand."""
    wanted = _wanted(setting)
    count = {verdict: wanted.filter(verdict=verdict).count() for verdict in Staged.Verdict.values}
    ours = _only_ours(setting)
    return Preview(
        link=count[Staged.Verdict.LINK],
        pull=count[Staged.Verdict.NEW],
        ask=count[Staged.Verdict.ASK],
        create=len(ours),
        known=count[Staged.Verdict.KNOWN],
        left_out=Staged.objects.filter(connection=setting.connection).count() - sum(count.values()),
        examples={
            verdict: list(wanted.filter(verdict=verdict).order_by("theirs")[:examples])
            for verdict in Staged.Verdict.values
        },
        examples_create=lookup.names(setting.connection.firm_id, ours[:examples]),
    )


def _only_ours(setting: ContactSync) -> list[int]:
    """Contacts of ours that Clio does not have, so far as is known, and that it is to get."""
    if setting.clients_only:  # nobody is a client in Clio who is not in Clio
        return []
    connection = setting.connection
    taken = set(
        Staged.objects.filter(
            connection=connection, verdict__in=[Staged.Verdict.LINK, Staged.Verdict.ASK]
        ).values_list("ours", flat=True)
    )
    taken.update(
        Apart.objects.filter(connection=connection, why__in=[Apart.Why.GONE, Apart.Why.UNLINKED]).values_list(
            "ours", flat=True
        )
    )
    found = lookup.unlinked(connection.firm_id, _LINKED, [connection.pk], people_only=setting.people_only)
    return [pk for pk in found if pk not in taken]


_LINKED = "SELECT ours FROM sync_link WHERE connection_id = %s AND kind = 'contact'"


def approve(*, actor: Actor, setting: ContactSync, now: datetime) -> bool:
    """Somebody has seen the preview and says go. Returns whether there was something to approve."""
    with transaction.atomic():
        approved = ContactSync.objects.filter(pk=setting.pk, phase=ContactSync.Phase.REVIEW).update(
            phase=ContactSync.Phase.TAKING_IN,
            approved_at=now,
            approved_by=actor.user,
            to_do=Staged.objects.filter(connection=setting.connection).count(),
            done=0,
        )
        if approved:
            record(
                "contact_import_approved",
                firm=actor.firm,
                now=now,
                subject=setting.connection_id,
                actor=actor.user,
            )
    return bool(approved)


def take_in(*, connection_id: int, now: datetime) -> datetime | None:
    """
    Take in what was laid out, batch by batch, each together with the progress; then Clio is owed what it lacks.

    No request is made. Returns when to come back, if there is more to do.
    """
    setting = terms.of_active(connection_id)
    if setting is None or setting.phase != ContactSync.Phase.TAKING_IN:
        return None
    until = timezone.now() + STRETCH
    with round_of(setting.connection, Cycle.Kind.FIRST, now) as tally:
        while _take_batch(setting, tally):
            _count_rows(setting.done)
            if timezone.now() >= until:
                return timezone.now()
            setting.refresh_from_db(fields=["phase", "clients_only", "people_only", "policy"])
            if setting.phase != ContactSync.Phase.TAKING_IN:
                return None
        _go_live(setting, tally)
    return timezone.now()


def _take_batch(setting: ContactSync, tally: Cycle) -> bool:
    connection, now = setting.connection, timezone.now()
    with transaction.atomic():
        _lightly()
        terms.hold(connection)
        last, batch = rows.laid_out(connection, BATCH)
        if not batch:
            return False
        meet(setting, [later(*said) for said in batch], now=now, tally=tally)
        Staged.objects.filter(connection=connection, pk__lte=last).delete()
        ContactSync.objects.filter(pk=setting.pk).update(done=setting.done + len(batch))
        setting.done += len(batch)
    return True


def _go_live(setting: ContactSync, tally: Cycle) -> None:
    """Everything is taken in: Clio is owed those of ours it does not have, and from now on changes are enough."""
    connection, now = setting.connection, timezone.now()
    with transaction.atomic():
        terms.hold(connection)
        owing.want(connection, _only_ours(setting), now)
        look_again(
            connection, None, now
        )  # a company may have been renamed between its page and those of its people
        ContactSync.objects.filter(pk=setting.pk).update(
            phase=ContactSync.Phase.LIVE, next_cycle_at=now, next_sweep_at=now + timedelta(days=1)
        )
        record(
            "contacts_imported", firm=connection.firm_id, now=now, subject=connection.pk, seen=setting.done
        )
    tally.finished_at = now


#: After how many batches PostgreSQL hears of the tables that an import fills.
COUNTED = (1, 8)
FILLED = (
    "sync_link",
    "sync_staged",
    "contacts_contact",
    "contacts_contactemail",
    "contacts_contactphone",
    "contacts_searchkey",
)


def _count_rows(done: int) -> None:
    """
    Tell PostgreSQL twice how large the tables have become: its own upkeep comes a minute too late, and until then every
    read is planned as if they were empty, and reads them whole. Later it reckons with their growth by itself.
    """
    if done // BATCH in COUNTED:
        with database.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(FILLED)}")
