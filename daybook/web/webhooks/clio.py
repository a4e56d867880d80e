"""Where Clio posts: answered at once, whatever it says; what follows is a job's."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from daybook.sync import hooks

SECRET, SIGNATURE = "X-Hook-Secret", "X-Hook-Signature"


@csrf_exempt
@require_POST
def clio(request: HttpRequest, token: str) -> HttpResponse:
    """A handshake or a delivery. A body that is too large, or of unknown length, is not read at all."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        return HttpResponse(status=411)
    if int(length) > hooks.LARGEST:
        return HttpResponse(status=413)
    post = hooks.Post(
        secret=request.headers.get(SECRET, ""),
        signature=request.headers.get(SIGNATURE, ""),
        body=request.body,
    )
    answer = hooks.take(token=token, post=post, now=timezone.now())
    response = HttpResponse(status=answer.status)
    if answer.secret:
        response[SECRET] = answer.secret
    return response
