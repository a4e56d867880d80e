"""Who a lawyer is in Clio, corrected by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from daybook.core.errors import Refusal
from daybook.firms.models import Lawyer
from daybook.firms.queries import access_lawyer
from daybook.sync import lawyers, queries
from daybook.sync.lawyers import Matched
from daybook.sync.trouble import RemoteTrouble
from daybook.web.forms import RefusableForm
from daybook.web.office.typed import ReasonedSelect
from daybook.web.signed_in import OfficeRequest, office

NOBODY = "nobody"


class MatchForm(RefusableForm):
    user = forms.ChoiceField(widget=ReasonedSelect)

    def __init__(
        self, lawyer: Lawyer, found: list[Any], matched: list[Matched], *args: Any, **kwargs: Any
    ) -> None:
        own = next((row.user_id for row in matched if row.lawyer == lawyer), "")
        super().__init__(*args, initial={"user": own or NOBODY}, **kwargs)
        taken = {row.user_id: row.lawyer.name for row in matched if row.user_id and row.lawyer != lawyer}
        field = self.fields["user"]
        field.label = f"Who is {lawyer.name} in Clio?"
        field.choices = [(NOBODY, "Nobody"), *((one.id, f"{one.name}, {one.email}") for one in found)]
        field.widget.reasons = {key: f"already matched with {name}" for key, name in taken.items()}


@require_http_methods(["GET", "HEAD", "POST"])
@office("connect_firm")
def match(request: OfficeRequest, lawyer_id: int) -> HttpResponse:
    lawyer = access_lawyer(request.actor, lawyer_id, "connect_firm")
    connection = queries.access_connection(request.actor)
    context: dict[str, Any] = {"lawyer": lawyer, "provider": connection.get_provider_display()}
    try:
        found = lawyers.choices(connection)
    except RemoteTrouble as trouble:
        return render(request, "firm/match.html", context | {"trouble": trouble.text})
    matched = lawyers.matched(connection)
    form = MatchForm(lawyer, found, matched, request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        chosen = next((one for one in found if one.id == form.cleaned_data["user"]), None)
        try:
            lawyers.choose(
                actor=request.actor, connection=connection, lawyer=lawyer, user=chosen, now=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, _done(lawyer, chosen.name if chosen else ""))
            return redirect("integrations")
    return render(request, "firm/match.html", context | {"form": form}, status=status)


def _done(lawyer: Lawyer, name: str) -> str:
    return f"{lawyer.name} is {name} in Clio." if name else f"{lawyer.name} is nobody in Clio now."
