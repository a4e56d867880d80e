"""Send to Clio: choose or open a matter, say how long it took, and see what Clio will bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from daybook.appointments import queries
from daybook.appointments.models import Appointment
from daybook.billing import queries as billing
from daybook.billing.models import Matter
from daybook.billing.operations import Time
from daybook.core import lifecycle, money
from daybook.core.billing import parse_duration
from daybook.core.errors import AlreadyBilled, MatterMissing, Refusal
from daybook.sync import lawyers, matters
from daybook.sync import queries as sync
from daybook.sync import sending as operations
from daybook.sync.clio import NotConnected
from daybook.sync.matters import Choice
from daybook.sync.models import Connection
from daybook.sync.sending import Draft, NewMatter
from daybook.sync.trouble import RemoteTrouble
from daybook.web.forms import RefusableForm
from daybook.web.office.appointment import shown
from daybook.web.office.desks import typed
from daybook.web.office.forecast import FLAT, CategoryRate, carried, category_rates, sentence
from daybook.web.office.shown import bill_text, say_hours
from daybook.web.signed_in import OfficeRequest, office

EXISTING, NEW = "existing", "new"


class SendForm(RefusableForm):
    """Which matter, and what its activity is to say."""

    link = forms.ChoiceField(
        label="Link to Matter",
        choices=[(EXISTING, "An existing matter"), (NEW, "A new matter")],
        widget=forms.RadioSelect,
        initial=EXISTING,
    )
    matter = forms.IntegerField(
        label="Matter", required=False, error_messages={"invalid": "Please choose a matter."}
    )
    description = forms.CharField(
        label="Description", max_length=255, required=False, help_text="What the matter is called in Clio."
    )
    practice_area = forms.ChoiceField(label="Practice area", required=False)
    duration = forms.CharField(
        label="Time",
        max_length=20,
        help_text="Hours and minutes, such as 0:30 or 0.5 h; a whole number is minutes.",
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
        error_messages={"required": "Please enter a length of time."},
    )
    rate = forms.CharField(
        label="Rate per hour",
        max_length=20,
        required=False,
        help_text="Empty: the rate Clio has.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    category = forms.ChoiceField(label="Category", required=False)
    billable = forms.BooleanField(label="Billable", required=False)
    note = forms.CharField(
        label="Note", max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    rates = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        currency: str,
        *args: Any,
        areas: list[tuple[str, str]],
        categories: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._currency = currency
        self.fields["description"].needed = True  # for a new matter, which is where it is shown
        # What was chosen stays a choice while Clio does not answer.
        self.fields["practice_area"].choices = _kept(areas, self["practice_area"].value())
        self.fields["category"].choices = _kept(categories, self["category"].value())

    def clean_duration(self) -> int:
        return int(_or_error(lambda: parse_duration(self.cleaned_data["duration"])).total_seconds())

    def clean_rate(self) -> int | None:
        text = self.cleaned_data["rate"]
        return _or_error(lambda: money.parse(text, self._currency, field="rate")).cents if text else None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("link") == EXISTING and not data.get("matter") and "matter" not in self.errors:
            self.add_error("matter", MatterMissing.says)
        if data.get("link") == NEW and not data.get("description"):
            self.add_error("description", "Please say what the matter is called.")
        return data

    def time(self) -> Time:
        data = self.cleaned_data
        return Time(data["duration"], data["note"], data["rate"], data["category"], not data["billable"])

    def new_matter(self) -> NewMatter | None:
        data = self.cleaned_data
        return NewMatter(data["description"], data["practice_area"]) if data["link"] == NEW else None


def _or_error(work: Any) -> Any:
    """The result, or the refusal as an error of the field."""
    try:
        return work()
    except Refusal as refusal:
        raise forms.ValidationError(refusal.text) from refusal


def _kept(choices: list[tuple[str, str]], value: object) -> list[tuple[str, str]]:
    known = {key for key, _ in choices}
    extra = [] if not value or str(value) in known else [(str(value), "As chosen before")]
    return [("", "None"), *choices, *extra]


@dataclass(frozen=True, slots=True)
class FromClio:
    """What the form offers out of Clio; `trouble` says why something is missing."""

    matters: tuple[Choice, ...] = ()
    areas: tuple[tuple[str, str], ...] = ()
    categories: tuple[tuple[str, str], ...] = ()
    rates: str = ""
    trouble: str = ""


def _ask_clio(appointment: Appointment, text: str, currency: str) -> FromClio:
    """Matters, practice areas and categories. Whatever trouble there is, there is a page."""
    now = timezone.now()
    firm_id = appointment.firm_id
    try:
        found = matters.search(firm_id=firm_id, text=text, client=appointment.contact, now=now)
        areas = matters.practice_areas(firm_id)
        categories = matters.categories(firm_id)
    except (RemoteTrouble, NotConnected) as trouble:
        return FromClio(trouble=trouble.text)
    rates = {
        one.id: CategoryRate(one.rate, one.rate_type == FLAT) for one in categories if one.rate is not None
    }
    return FromClio(
        matters=tuple(found),
        areas=tuple((one.id, one.name) for one in areas),
        categories=tuple(
            (one.id, f"{one.name} ({money.Money(one.rate, currency)})" if one.rate is not None else one.name)
            for one in categories
        ),
        rates=carried(rates),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@office()
def send_to_clio(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """The form and its one press; pressing it twice, or again later, is still one activity."""
    found = queries.access_appointment(request.actor, appointment_id, "send_time")
    lifecycle.may_send(lifecycle.State(found.state), lifecycle.Actor.FIRM)
    connection = sync.connection_of(request.actor.firm.pk)
    if connection is None or connection.state != Connection.State.ACTIVE:
        return _unable(request, found, NotConnected.says)
    draft = operations.draft(found)
    if bill := bill_text(draft.entry):
        return _unable(request, found, f"{AlreadyBilled.says} It is {bill}.")
    if request.method != "POST":
        return _page(request, found, connection, draft)
    if request.POST.get("do"):  # Enter, or without JavaScript: search, or try Clio again
        return _page(request, found, connection, draft, kept=True)
    form = SendForm(request.actor.firm.currency, request.POST, areas=_posted(request.POST, "practice_area"),
                    categories=_posted(request.POST, "category"))  # fmt: skip
    if not form.is_valid():
        return _page(request, found, connection, draft, errors=form, status=422)
    chosen = form.cleaned_data["matter"] if form.cleaned_data["link"] == EXISTING else None
    matter = billing.access_matter(request.actor, chosen) if chosen else None
    try:
        operations.send(
            actor=request.actor,
            appointment=found,
            matter=matter,
            new_matter=form.new_matter(),
            time=form.time(),
            now=timezone.now(),
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(request, found, connection, draft, errors=form, status=refusal.status)
    messages.success(request, "On its way to Clio.")
    return redirect("appointment", found.pk)


def _posted(data: QueryDict, name: str) -> list[tuple[str, str]]:
    """What was chosen is taken as it is: an id that Clio does not know, Clio refuses by itself."""
    value = data.get(name, "")
    return [(value, value)] if value.isascii() and value.isdigit() and len(value) < 20 else []


def _unable(request: OfficeRequest, found: Appointment, text: str) -> HttpResponse:
    one, _ = shown(request.actor, found)
    context = {"appointment": found, "row": one, "text": text}
    return render(request, "desk/send_unable.html", context, status=409)


def _page(
    request: OfficeRequest,
    found: Appointment,
    connection: Connection,
    draft: Draft,
    *,
    errors: SendForm | None = None,
    kept: bool = False,
    status: int = 200,
) -> HttpResponse:
    currency = request.actor.firm.currency
    text = typed(request.POST, "q")
    offered = _ask_clio(found, text, currency)
    if draft.matter is None and offered.matters:
        draft = operations.draft(found)  # the client's matter may have been heard of just now
    values = _from_draft(draft, currency) | ({"rates": offered.rates} if offered.rates else {})
    if draft.matter is None and not offered.trouble and not any(one.own for one in offered.matters):
        values["link"] = NEW  # all that is listed is other clients'
    if kept:
        values = request.POST.dict() | {"billable": "billable" in request.POST}
    if errors is not None:
        form = SendForm(
            currency, request.POST, areas=list(offered.areas), categories=list(offered.categories)
        )
        form._errors, form.cleaned_data = errors.errors, errors.cleaned_data
    else:
        form = SendForm(
            currency, initial=values, areas=list(offered.areas), categories=list(offered.categories)
        )
    form.fields["billable"].help_text = _why(found)
    one, _ = shown(request.actor, found)
    selected = _selected(request, str(form["matter"].value() or ""))
    context = {
        "appointment": found,
        "row": one,
        "form": form,
        "draft": draft,
        "q": text,
        "trouble": offered.trouble,
        "rates": offered.rates or str(form["rates"].value() or ""),
        "matters": _with_selected(list(offered.matters), selected, found),
        "selected": selected.pk if selected else None,
        "forecast": _forecast(found, connection, form),
    }
    return render(request, "desk/send.html", context, status=status)


def _why(found: Appointment) -> str:
    """Why it is billable or not as it is proposed, and what the fee of the booking has to do with it."""
    if found.fee_cents:
        fee = money.Money(found.fee_cents, found.firm.currency)
        return (
            f"The fee for booking ({fee}) and billable time are different things: the fee does not reduce what is billed "
            "here. If the fee covers the meeting, untick it."
        )
    return (
        "This appointment has no fee, so its time is proposed as not billable: recorded in Clio at no charge to the client. "
        "Tick it to bill the time."
    )


def _from_draft(draft: Draft, currency: str) -> dict[str, Any]:
    entry = draft.entry
    return {
        "link": EXISTING,
        "matter": draft.matter.pk if draft.matter else None,
        "duration": say_hours(draft.seconds),
        "note": draft.note,
        "rate": str(money.Money(draft.rate_cents, currency).amount) if draft.rate_cents is not None else "",
        "category": entry.category if entry else "",
        "billable": draft.billable,
    }


def _selected(request: OfficeRequest, asked: str) -> Matter | None:
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        return None
    return billing.access_matter(request.actor, int(asked))


def _with_selected(found: list[Choice], selected: Matter | None, appointment: Appointment) -> list[Choice]:
    """The choices, the chosen one among them whatever was searched for."""
    if selected is None or any(one.id == selected.pk for one in found):
        return found
    own = selected.client_id is not None and selected.client_id == appointment.contact_id
    client = selected.client.name if selected.client else ""
    number = selected.display_number or "New matter"
    return [Choice(selected.pk, number, selected.description, selected.status, client, own), *found]


@require_safe
@office()
def search_matters(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """The matters that fit what was typed, the client's own first, as a part of the page."""
    found = queries.access_appointment(request.actor, appointment_id, "send_time")
    selected = _selected(request, request.GET.get("matter", ""))
    choices: list[Choice] = []
    trouble = ""
    try:
        choices = matters.search(
            firm_id=found.firm_id, text=typed(request.GET, "q"), client=found.contact, now=timezone.now()
        )
    except (RemoteTrouble, NotConnected) as problem:
        trouble = problem.text
    context = {
        "appointment": found,
        "matters": _with_selected(choices, selected, found),
        "selected": selected.pk if selected else None,
        "trouble": trouble,
        "q": typed(request.GET, "q"),
    }
    return render(request, "desk/matters.html", context)


@require_safe
@office()
def preview_time(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """What Clio will bill for what is typed so far, as a part of the page."""
    found = queries.access_appointment(request.actor, appointment_id, "send_time")
    connection = sync.connection_of(request.actor.firm.pk)
    form = SendForm(
        request.actor.firm.currency,
        initial=request.GET.dict() | {"billable": "billable" in request.GET},
        areas=[],
        categories=[],
    )
    text = _forecast(found, connection, form) if connection else NotConnected.says
    return render(request, "desk/forecast.html", {"forecast": text})


def _forecast(appointment: Appointment, connection: Connection, form: SendForm) -> str:
    """The sentence for what stands in the form; what cannot be read yet says how to type it."""
    currency = appointment.firm.currency
    rate = str(form["rate"].value() or "").strip()
    try:
        seconds = int(parse_duration(str(form["duration"].value() or "")).total_seconds())
        cents = money.parse(rate, currency).cents if rate else None
    except Refusal as refusal:
        return refusal.text
    link = lawyers.link_of(connection, appointment.lawyer_id)
    usual = link.agreed.get("rate_cents") if link else None
    rates = category_rates(str(form["rates"].value() or ""))
    return sentence(
        seconds=seconds,
        currency=currency,
        rounding_minutes=connection.rounding_minutes,
        typed_cents=cents,
        category=rates.get(str(form["category"].value() or "")),
        usual_cents=usual if isinstance(usual, int) else None,
        billable=form["billable"].value() not in (False, "", None),
    )
