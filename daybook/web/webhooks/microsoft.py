"""Where Microsoft posts: a question whether we are there, and tellings (change notifications, read 2026-11)."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from daybook.sync import watching
from daybook.sync.models import Connection, Told

#: Of a body; tellings of one calendar have some hundred bytes each, and come several at once.
LARGEST = 256 * 1024
LONGEST_QUESTION = 2000
#: What is said of the subscription itself, and whether it is lost by that.
LIFECYCLE: dict[str, bool] = {"subscriptionRemoved": True, "reauthorizationRequired": False}


@csrf_exempt
@require_POST
def microsoft(request: HttpRequest, token: str) -> HttpResponse:
    """The question is echoed; a telling is answered with 202 at once, and the calendar read by a job."""
    now = timezone.now()
    row = watching.told_at(Connection.Provider.MICROSOFT, token, now)
    if isinstance(row, int):
        return HttpResponse(status=row)
    question = request.GET.get("validationToken")
    if question is not None:
        if len(question) > LONGEST_QUESTION or not question.isprintable():
            return HttpResponse(status=400)
        return HttpResponse(question, content_type="text/plain; charset=utf-8")
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        return HttpResponse(status=411)
    if int(length) > LARGEST:
        return HttpResponse(status=413)
    said = [one for one in _items(request.body) if watching.believed(row, _text(one, "clientState"))]
    if not said:
        return HttpResponse(status=404)
    _heed(row, said)
    return HttpResponse(status=202)


def _heed(row: Told, said: list[dict[str, Any]]) -> None:
    now = timezone.now()
    over = {LIFECYCLE[event] for one in said if (event := _text(one, "lifecycleEvent")) in LIFECYCLE}
    if over:
        watching.ended(row, now, lost=True in over)
    # One that was lost may have kept changes to itself; and a word nobody has published may mean one.
    if any(_text(one, "lifecycleEvent") != "reauthorizationRequired" for one in said):
        watching.changed(row, now)


def _items(body: bytes) -> list[dict[str, Any]]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return []
    value = said.get("value") if isinstance(said, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(one: dict[str, Any], name: str) -> str:
    value = one.get(name)
    return value if isinstance(value, str) else ""
