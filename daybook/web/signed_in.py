"""The door of the office: views behind it know their actor, and see only that actor's firm."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from daybook.firms import outbox, queries
from daybook.firms.models import Lawyer
from daybook.firms.permissions import Actor, may

DESK = "acting_for"  # the session's key for the lawyer somebody acts for

View = Callable[..., HttpResponse]


class OfficeRequest(HttpRequest):
    """A request behind the door."""

    actor: Actor
    desks: list[Lawyer]


def office(action: str | None = None) -> Callable[[View], View]:
    """
    Require a signed-in member of a firm, and `action` for at least the desk they are at.

    The view gets `request.actor`, and what it records names the lawyer they act for. Somebody without a firm gets a page that says so; a forbidden action is a 404,
    like another firm's records: what exists is nobody else's business.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def wrapped(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            actor = queries.actor_of(request.user, request.session.get(DESK))
            if actor is None:
                return render(request, "office/no_firm.html", status=403)
            request.actor = actor
            # Asked for by pages with a bar; the pick list, at every keystroke, does without.
            request.desks = SimpleLazyObject(lambda: queries.desks(actor))
            if action is not None and not may(actor, action, actor.lawyer):
                raise Http404
            with outbox.acting(actor.user, actor.on_behalf):
                return view(request, *args, **kwargs)

        return wrapped

    return decorate
