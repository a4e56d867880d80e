"""Whose desk somebody sits at: switching, and asking first where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from daybook.firms import operations
from daybook.firms.permissions import may
from daybook.web.signed_in import DESK, OfficeRequest, View, office

#: Stands where a lawyer's id would, to stop acting for anybody.
NOBODY = "none"


def at_desk(action: str) -> Callable[[View], View]:
    """
    Like `office`, for pages about one lawyer: the view gets that lawyer too.

    Somebody without a lawyer of their own is asked whose desk it should be; a forbidden action is a 404.
    """

    def decorate(view: View) -> View:
        @office()
        @wraps(view)
        def wrapped(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            lawyer = request.actor.lawyer
            if lawyer is None:
                return render(request, "desk/choose.html", {"next": request.path})
            if not may(request.actor, action, lawyer):
                raise Http404
            return view(request, lawyer, *args, **kwargs)

        return wrapped

    return decorate


@require_POST
@office()
def switch_desk(request: OfficeRequest) -> HttpResponse:
    """Sit down at a lawyer's desk, and leave a trace of it; or stop acting for anybody ("none", or one's own desk)."""
    chosen = request.POST.get("lawyer", "")
    if chosen == NOBODY:
        request.session.pop(DESK, None)
        return redirect(_back(request))
    lawyer = next((one for one in request.desks if str(one.pk) == chosen), None)
    if lawyer is None:
        raise Http404
    own = request.actor.own
    if own is not None and lawyer.pk == own.pk:
        request.session.pop(DESK, None)
    elif request.actor.acting_for != lawyer:
        operations.act_for(actor=request.actor, lawyer=lawyer, now=timezone.now())
        request.session[DESK] = lawyer.pk
    return redirect(_back(request))


def _back(request: OfficeRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else reverse("dashboard")


def named_id(text: str) -> int:
    """The id that an address or a form names; 0, which nobody has, for what is no id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def typed(given: Mapping[str, str], name: str, most: int = 100) -> str:
    """A word to search for, as the database can take it."""
    return given.get(name, "").replace("\0", "").strip()[:most]
