"""What one round does, counted while it runs and kept for people to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone

from daybook.connectors.errors import Limited, RemoteTrouble
from daybook.sync.models import Connection, Cycle

#: Rounds that are worth a row even when there was nothing to do: people want to see that they ran.
ALWAYS = {Cycle.Kind.REGULAR, Cycle.Kind.ASKED, Cycle.Kind.SWEEP, Cycle.Kind.FIRST}

#: What makes a round of another kind worth a row.
DEEDS = (
    "linked",
    "added_here",
    "changed_here",
    "added_there",
    "changed_there",
    "asked",
    "unlinked",
    "trouble",
)

#: How long people can look up what a round did.
KEPT = timedelta(days=90)


def forget_old(now: datetime) -> None:
    """Drop rounds that ended long ago."""
    Cycle.objects.filter(finished_at__lt=now - KEPT).delete()


def counted(tally: Cycle) -> None:
    """One more request to Clio: given to a session as what is called ahead of each."""
    tally.requests += 1


@contextmanager
def round_of(connection: Connection, kind: str, now: datetime) -> Iterator[Cycle]:
    """
    Count what a round does. One that was interrupted, and goes on where it stopped, is the same round still.

    The row is saved however the round ends. `tally.finished_at` is set by whoever knows that it is over.
    """
    tally = (
        Cycle.objects.filter(connection=connection, kind=kind, finished_at=None).first()
        if kind in ALWAYS
        else None
    )
    if tally is None:
        tally = Cycle(connection=connection, kind=kind, started_at=now)
        if kind in ALWAYS:
            tally.save()
    tally.trouble = ""
    try:
        yield tally
    except Limited:
        raise
    except RemoteTrouble as trouble:
        tally.trouble = trouble.text[:300]
        raise
    finally:
        if kind not in ALWAYS and any(getattr(tally, deed) for deed in DEEDS):
            tally.finished_at = timezone.now()
            tally.save()
        elif tally.pk is not None:
            tally.save()
