"""My Dashboard: what needs attention, what is coming, what was; and answers to open questions."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from daybook.appointments import queries
from daybook.appointments.models import Appointment
from daybook.core.errors import Refusal
from daybook.core.times import say_day
from daybook.firms.models import Lawyer
from daybook.firms.permissions import may
from daybook.sync import queries as sync
from daybook.sync import questions, sending, whereabouts
from daybook.sync.models import Question
from daybook.web.office import proposals, requests
from daybook.web.office.attention import attention
from daybook.web.office.desks import at_desk, typed
from daybook.web.office.next_steps import next_steps
from daybook.web.office.shown import Row, by_day, row
from daybook.web.signed_in import OfficeRequest, office

#: One page of a list.
PAGE = 25
#: How many cancelled ones the fold below shows.
MOST_OFF = 50


@require_safe
@at_desk("see_appointments")
def dashboard(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    """What is coming, soonest first."""
    return _list(request, lawyer, "upcoming", queries.upcoming([lawyer.pk], timezone.now()))


@require_safe
@at_desk("see_appointments")
def past(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    """What has ended or was cancelled, latest first."""
    return _list(request, lawyer, "past", queries.past([lawyer.pk], timezone.now()))


def _list(request: OfficeRequest, lawyer: Lawyer, tab: str, found: QuerySet[Appointment]) -> HttpResponse:
    now = timezone.now()
    text = typed(request.GET, "q")
    if text:
        found = found.filter(client_name__icontains=text)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    off = _called_off(lawyer, text, now) if tab == "upcoming" and page.number == 1 else []
    connection = sync.connection_of(request.actor.firm.pk)
    waiting = proposals.cards(request.actor, lawyer, now)
    edited = {one.proposal.appointment_id for one in waiting}
    stays = whereabouts.left_behind([*page, *off])

    def shown(one: Appointment) -> Row:
        return row(
            one,
            actor=request.actor,
            zone=lawyer.time_zone,
            connection=connection,
            now=now,
            edited=one.pk in edited,
            stays=stays.get(one.pk, ""),
        )

    context = {
        "lawyer": lawyer,
        "tab": tab,
        "today": say_day(now, lawyer.time_zone),
        "q": text,
        "page": page,
        "days": by_day(map(shown, page), lawyer, now),
        "called_off": by_day(map(shown, off), lawyer, now),
        "off": len(off),
        "proposals": waiting,
        "requests": requests.waiting(request.actor, lawyer, now),
        "items": attention(request.actor, lawyer, connection, now),
        "steps": next_steps(request.actor, lawyer) if tab == "upcoming" and not text else (),
        "may_book": may(request.actor, "manage_appointments", lawyer),
    }
    return render(request, "desk/dashboard.html", context)


def _called_off(lawyer: Lawyer, text: str, now: datetime) -> list[Appointment]:
    """What is cancelled and still lies ahead: listed below what is coming, behind a fold."""
    found = queries.called_off([lawyer.pk], now)
    return list((found.filter(client_name__icontains=text) if text else found)[:MOST_OFF])


@require_POST
@office()
def answer_question(request: OfficeRequest, question_id: int) -> HttpResponse:
    """Deal with a question: dismiss it, or send again what was deleted in Clio."""
    question = questions.access_question(request.actor, question_id)
    now = timezone.now()
    again = request.POST.get("answer") == "again" and question.kind == Question.Kind.ACTIVITY_GONE
    if again and question.appointment_id:
        appointment = queries.access_appointment(request.actor, question.appointment_id, "send_time")
        try:
            sending.send_again(actor=request.actor, appointment=appointment, question=question, now=now)
        except Refusal as refusal:
            messages.error(request, refusal.text)
        else:
            messages.success(request, "It is being sent to Clio again.")
        return redirect("dashboard")
    questions.answer(actor=request.actor, question=question, answer="dismissed", now=now)
    return redirect("dashboard")
