"""Where Stripe posts the events of all connected accounts: believed when signed, answered at once, acted on by jobs."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from daybook.billing import inbox

#: Of a body; an event has some kilobytes.
LARGEST = 256 * 1024
SIGNATURE = "Stripe-Signature"


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """An event. 404 where payments are not set up here, 400 for what Stripe has not signed; else 204, also told twice."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        return HttpResponse(status=404)
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        return HttpResponse(status=411)
    if int(length) > LARGEST:
        return HttpResponse(status=413)
    heard = inbox.hear(request.body, request.headers.get(SIGNATURE, ""), now=timezone.now())
    return HttpResponse(status=204 if heard else 400)
