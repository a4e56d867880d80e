"""Send to Clio against Clio's stand-in: one activity, a true preview, and calm when Clio does not answer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.office import Office

pytestmark = pytest.mark.django_db
ALICE = "alice@hartvale.example"


def words(response) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))
    return text.replace("&#x27;", "'")


@pytest.fixture
def office(db, clio: Sandbox) -> Office:
    from tests.flows.office import Office

    office = Office(clio)
    office.cast.consultation.fee_cents = 15_000  # what costs nothing is not proposed as billable
    office.cast.consultation.save()
    return office


@pytest.fixture
def alice(client: Client, office: Office) -> Client:
    client.force_login(office.cast.alice_user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def dana(office: Office):
    """An appointment of Dana Reyes, who has matters in Clio, already there."""
    from dataclasses import replace

    from tests.cast import DANA

    appointment = office.book(10, details=replace(DANA, email="dana.reyes@mail.example"))
    office.work()
    appointment.refresh_from_db()
    return appointment


def matters_on(page: str) -> list[tuple[int, str]]:
    found = re.findall(r'name="matter" value="(\d+)"[^>]*><span><span class="matter-name">(.*?)</span>', page)
    return [(int(key), name) for key, name in found]


def form(matter: int | None = None, **more: object) -> dict[str, object]:
    sent: dict[str, object] = {
        "link": "existing",
        "duration": "0:30",
        "note": "Meeting",
        "billable": "on",
        "rate": "",
    }
    return sent | ({"matter": matter} if matter else {}) | more


def test_the_form_lists_the_clients_own_matters_first_and_says_what_clio_will_bill(alice: Client, dana):
    page = alice.get(reverse("send_to_clio", args=[dana.pk]))
    text = words(page)
    assert "Link to Matter" in text
    assert "this client's · open" in text
    assert "Clio will bill 0.5 h × $320 = $160" in text
    assert 'value="0:30"' in page.content.decode()
    assert "Family" in text
    assert "Court appearance ($400)" in text


def test_pressing_it_twice_gives_one_activity_and_the_page_follows_until_it_is_in_clio(
    alice: Client, dana, office: Office
):
    url = reverse("send_to_clio", args=[dana.pk])
    matter, name = matters_on(alice.get(url).content.decode())[0]
    for _ in range(2):
        answer = alice.post(url, form(matter))
        assert answer["Location"] == f"/appointments/{dana.pk}/"
    page = alice.get(answer["Location"])
    assert "Pending" in words(page)
    state = reverse("sync_state", args=[dana.pk])
    assert f'hx-get="{state}?looks=1"' in page.content.decode()
    part = alice.get(state, {"looks": 1}).content.decode()
    assert f'hx-get="{state}?looks=2"' in part
    assert "hx-get" not in alice.get(state, {"looks": 30}).content.decode()
    office.work()
    part = alice.get(state, {"looks": 2}).content.decode()
    assert "In Clio" in part
    assert "hx-get" not in part
    (activity,) = office.activities()
    assert activity["quantity"] == 1800
    text = words(alice.get(f"/appointments/{dana.pk}/"))
    assert name.split(" ·")[0] in text
    assert "$160" in text
    assert "Sent to Clio" in text


def test_enter_in_any_field_presses_the_search_and_sends_nothing(alice: Client, dana, office: Office):
    url = reverse("send_to_clio", args=[dana.pk])
    page = alice.get(url).content.decode()
    first = re.findall(r"<button[^>]*>", page[page.index('id="id_link"') - 900 :])[0]
    assert 'name="do" value="search"' in first
    matter, _ = matters_on(page)[0]
    answer = alice.post(url, form(matter, do="search", q="parenting", note="Kept"))
    assert answer.status_code == 200
    assert "Parenting plan" in words(answer)
    assert "Kept" in words(answer)
    office.work()
    assert not office.activities()


def test_time_is_typed_in_hours_too_as_the_form_says(alice: Client, dana, office: Office):
    url = reverse("send_to_clio", args=[dana.pk])
    page = alice.get(url)
    assert "Hours and minutes, such as 0:30 or 0.5 h; a whole number is minutes." in words(page)
    matter, _ = matters_on(page.content.decode())[0]
    assert alice.post(url, form(matter, duration="0.5")).status_code == 302
    office.work()
    (activity,) = office.activities()
    assert activity["quantity"] == 1800


def test_a_new_matter_is_opened_with_the_first_press_only(alice: Client, dana, office: Office):
    before = len(office.clio.control.records("matters"))
    url = reverse("send_to_clio", args=[dana.pk])
    sent = form(None, link="new", description="Reyes, parenting plan", duration="1.5h", rate="$250")
    for _ in range(2):
        assert alice.post(url, sent).status_code == 302
    office.work()
    assert len(office.clio.control.records("matters")) == before + 1
    (activity,) = office.activities()
    assert activity["quantity"] == 5400
    assert "1 hour 30 minutes" in words(alice.get("/dashboard/"))


def test_sending_again_changes_the_same_activity(alice: Client, dana, office: Office):
    url = reverse("send_to_clio", args=[dana.pk])
    matter, _ = matters_on(alice.get(url).content.decode())[0]
    alice.post(url, form(matter))
    office.work()
    page = alice.get(url)
    assert "Sending again changes the same activity." in words(page)
    assert f'value="{matter}" checked' in page.content.decode()
    alice.post(url, form(matter, duration="0:45"))
    office.work()
    (activity,) = office.activities()
    assert activity["quantity"] == 2700


def test_the_search_finds_any_open_matter_and_keeps_the_chosen_one(alice: Client, dana):
    url = reverse("search_matters", args=[dana.pk])
    own = matters_on(alice.get(url).content.decode())
    assert own
    found = alice.get(url, {"q": "zzzz", "matter": own[0][0]})
    assert f'value="{own[0][0]}" checked' in found.content.decode()
    found = alice.get(url, {"q": "zzzz"})
    assert "No open matter fits “zzzz”." in words(found)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"duration": ""}, "Please enter a length of time."),
        ({"duration": "soon"}, "Please enter a length of time between one minute and 24 hours."),
        ({"duration": "25:00"}, "Please enter a length of time between one minute and 24 hours."),
        ({"rate": "lots"}, "Please enter an amount such as 150 or 150.50."),
        ({"matter": ""}, "Please choose a matter first."),
        ({"link": "new", "description": ""}, "Please say what the matter is called."),
    ],
)
def test_what_cannot_be_used_is_said_beside_the_field_and_kept(
    wrong: dict[str, str], says: str, alice: Client, dana, office: Office
):
    url = reverse("send_to_clio", args=[dana.pk])
    matter, _ = matters_on(alice.get(url).content.decode())[0]
    sent = form(matter, note="Talked for long") | wrong
    answer = alice.post(url, sent)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert says in text
    assert "Talked for long" in text
    if wrong.get("duration"):
        assert f'value="{wrong["duration"]}"' in text
    office.work()
    assert office.activities() == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"duration": "0:30", "billable": "on"}, "Clio will bill 0.5 h × $320 = $160"),
        ({"duration": "1:00", "rate": "250", "billable": "on"}, "Clio will bill 1 h × $250 = $250"),
        ({"duration": "0:30"}, "Clio will record 0.5 h, not billable"),
        ({"duration": "x", "billable": "on"}, "Please enter a length of time"),
        ({"duration": "1:00", "category": "5", "rates": "5:40000", "billable": "on"}, "1 h × $400 = $400"),
        ({"duration": "1:00", "category": "5", "rates": "5:25000:flat", "billable": "on"}, "$250, whatever"),
        ({"duration": "0:30", "rates": "a:b:c,,:", "billable": "on"}, "0.5 h × $320 = $160"),
    ],
)
def test_the_preview_says_what_clio_will_bill(typed: dict[str, str], says: str, alice: Client, dana):
    assert says in words(alice.get(reverse("preview_time", args=[dana.pk]), typed))


def test_the_preview_rounds_as_the_clio_account_does(alice: Client, dana, office: Office):
    from daybook.sync.models import Connection

    Connection.objects.update(rounding_minutes=6)
    part = alice.get(reverse("preview_time", args=[dana.pk]), {"duration": "0:07", "billable": "on"})
    assert "Clio will bill 0.2 h × $320 = $64" in words(part)


def test_while_clio_is_down_the_form_says_so_keeps_what_was_typed_and_the_time_is_sent_later(
    alice: Client, dana, office: Office
):
    url = reverse("send_to_clio", args=[dana.pk])
    matter, _ = matters_on(alice.get(url).content.decode())[0]
    office.clio.control.down()
    answer = alice.get(url)
    assert answer.status_code == 200
    assert "Clio could not be reached." in words(answer)
    assert "Try again" in words(answer)
    sent = form(matter, note="Kept", duration="0:40")
    answer = alice.post(url, sent | {"do": "retry"})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert 'value="0:40"' in text
    assert "Kept" in text
    assert f'value="{matter}" checked' in text
    found = alice.get(reverse("search_matters", args=[dana.pk]), {"q": "re"})
    assert found.status_code == 200
    assert "Clio could not be reached." in words(found)
    assert alice.post(url, sent).status_code == 302
    office.work()
    text = words(alice.get(f"/appointments/{dana.pk}/"))
    assert "Pending" in text
    assert "Clio could not be reached." in text
    assert "Retry" in text
    text = words(alice.get("/dashboard/"))
    assert "Needs attention (1)" in text
    assert "Dana Reyes is not in Clio yet" in text
    assert "Daybook tries again by itself at" in text
    office.clio.control.down(False)
    assert alice.post(reverse("retry_push", args=[dana.pk]))["Location"] == f"/appointments/{dana.pk}/"
    from daybook.sync.models import Push

    assert Push.objects.get().next_try_at <= timezone.now()
    office.later()
    assert len(office.activities()) == 1
    assert "Needs attention" not in words(alice.get("/dashboard/"))


def test_a_firm_without_a_connection_is_told_where_to_make_one(alice: Client, dana):
    from daybook.sync.models import Connection

    Connection.objects.update(state="disconnected")
    answer = alice.get(reverse("send_to_clio", args=[dana.pk]))
    assert answer.status_code == 409
    assert "The firm is not connected to Clio." in words(answer)
    part = alice.get(reverse("search_matters", args=[dana.pk]))
    assert "The firm is not connected to Clio." in words(part)
    assert "Not connected" in words(alice.get("/dashboard/"))


def test_a_broken_connection_is_on_top_of_the_dashboard(alice: Client, dana, office: Office):
    from daybook.sync.models import Connection

    Connection.objects.update(state="broken", trouble="Clio no longer accepts this connection.")
    text = words(alice.get("/dashboard/"))
    assert "Clio has to be connected again" in text
    assert "Reconnect" in text
    assert alice.post(reverse("send_to_clio", args=[dana.pk]), form(1)).status_code == 409


def test_a_matter_of_another_firm_cannot_be_chosen(alice: Client, dana, office: Office):
    from daybook.billing.operations import new_matter
    from tests.cast import marsh

    carol = marsh(timezone.now())
    matter = new_matter(firm_id=carol.firm.pk, client_id=None, description="Secret")
    answer = alice.post(reverse("send_to_clio", args=[dana.pk]), form(matter.pk))
    assert answer.status_code == 404
    found = alice.get(reverse("search_matters", args=[dana.pk]), {"matter": matter.pk})
    assert found.status_code == 404


def test_time_on_a_bill_is_shown_and_left_alone(alice: Client, dana, office: Office):
    url = reverse("send_to_clio", args=[dana.pk])
    matter, _ = matters_on(alice.get(url).content.decode())[0]
    alice.post(url, form(matter))
    office.work()
    office.clio.control.bill_activity(office.activities()[0]["id"])
    cancel = reverse("cancel_appointment", args=[dana.pk])
    assert "is deleted in Clio" in words(alice.get(cancel))  # as far as is known yet
    alice.post(cancel)
    office.work()
    text = words(alice.get("/dashboard/"))
    assert "Cancelled here, but the time for Dana Reyes is already on bill" in text
    assert "on bill" in words(alice.get("/dashboard/past/"))
    from daybook.sync.models import Question

    question = Question.objects.get()
    assert (
        alice.post(reverse("answer_question", args=[question.pk]), {"answer": "dismissed"}).status_code == 302
    )
    question.refresh_from_db()
    assert question.answered_by == office.cast.alice_user
    assert "Needs attention" not in words(alice.get("/dashboard/"))
    assert len(office.activities()) == 1


def test_an_activity_deleted_in_clio_can_be_sent_again(alice: Client, dana, office: Office):
    from daybook.sync.models import Question

    url = reverse("send_to_clio", args=[dana.pk])
    matter, _ = matters_on(alice.get(url).content.decode())[0]
    alice.post(url, form(matter))
    office.work()
    activity = office.activities()[0]["id"]
    office.clio.control.act(ALICE, "DELETE", f"activities/{activity}.json")
    alice.post(url, form(matter, duration="0:50"))
    office.work()
    assert "was deleted in Clio" in words(alice.get("/dashboard/"))
    question = Question.objects.get()
    assert question.kind == "activity_gone"
    alice.post(reverse("answer_question", args=[question.pk]), {"answer": "again"})
    office.work()
    assert [row["quantity"] for row in office.activities()] == [3000]
    assert "Needs attention" not in words(alice.get("/dashboard/"))


def test_a_question_of_another_firm_is_not_found(alice: Client, dana, office: Office):
    from daybook.sync import questions
    from tests.cast import marsh

    carol = marsh(timezone.now())
    question = questions.ask(firm_id=carol.firm.pk, kind="rejected", text="?", now=timezone.now())
    assert alice.post(reverse("answer_question", args=[question.pk])).status_code == 404


def test_cancelling_says_what_becomes_of_the_entry_and_the_activity(alice: Client, dana, office: Office):
    url = reverse("send_to_clio", args=[dana.pk])
    matter, _ = matters_on(alice.get(url).content.decode())[0]
    alice.post(url, form(matter))
    office.work()
    text = words(alice.get(reverse("cancel_appointment", args=[dana.pk])))
    assert "The calendar entry is removed from Clio." in text
    assert "is deleted in Clio." in text
    text = words(alice.get(reverse("reschedule", args=[dana.pk])))
    assert "The calendar entry in Clio moves along." in text
    assert "gets the new date." in text


def test_a_lawyer_without_a_clio_user_is_told_so(alice: Client, dana, office: Office):
    from daybook.sync.models import Link

    url = reverse("send_to_clio", args=[dana.pk])
    matter, _ = matters_on(alice.get(url).content.decode())[0]
    Link.objects.filter(kind="lawyer").delete()
    answer = alice.post(url, form(matter))
    assert answer.status_code == 409
    assert "not matched with a Clio user yet" in words(answer)


def test_the_contacts_page_shows_how_far_the_first_import_is(alice: Client, office: Office):
    from daybook.sync.models import Cursor

    assert "Reading your contacts" not in words(alice.get("/contacts/"))
    began = timezone.now() - timedelta(minutes=2)
    Cursor.objects.update(state="running", since=None, seen=1000, expected=3000, started_at=began)
    text = words(alice.get("/contacts/"))
    assert "1,000 contacts so far of about 3,000 contacts, about 4 minutes left" in text
    assert "Nothing is written to Clio." in text
    assert "1,000 contacts" in words(alice.get("/contacts/progress/"))
    Cursor.objects.update(state="done", since=began)
    answer = alice.get("/contacts/progress/", headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"


def test_a_contact_says_whether_clio_has_it(alice: Client, dana):
    assert "In Clio" in words(alice.get(f"/contacts/{dana.contact_id}/"))
