"""Where Google posts: empty requests whose headers say which channel they belong to (its guide to push, read 2026-11)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from daybook.sync import watching
from daybook.sync.models import Connection

TOKEN, STATE = "X-Goog-Channel-Token", "X-Goog-Resource-State"
#: The first telling of a channel says only that there is one.
BEGINS = "sync"


@csrf_exempt
@require_POST
def google(request: HttpRequest, token: str) -> HttpResponse:
    """A telling: answered at once, the calendar is read by a job. Its body is not looked at."""
    now = timezone.now()
    row = watching.told_at(Connection.Provider.GOOGLE, token, now)
    if isinstance(row, int):
        return HttpResponse(status=row)
    if not watching.believed(row, request.headers.get(TOKEN, "")):
        return HttpResponse(status=404)
    if request.headers.get(STATE) != BEGINS:
        watching.changed(row, now)
    return HttpResponse(status=204)
