"""Connecting the firm to Clio through the pages: region, Clio's login, the answer, disconnecting, reconnecting."""

from __future__ import annotations

from http.cookiejar import CookieJar
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daybook.calendars.models import Calendar, CalendarUse
from daybook.contacts.models import Contact
from daybook.firms.models import Event, Firm
from daybook.firms.operations import set_subscription
from daybook.sync.models import Connection, ContactSync, Cursor, Link
from tests.cast import Cast

ALICE = "alice@hartvale.example"


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def visit_clio(address: str, email: str = ALICE, decision: str = "allow") -> str:
    """Sign in and decide on the stand-in's own pages, as a browser would, and return where it sends us back."""
    opener = build_opener(HTTPCookieProcessor(CookieJar()), _Stay())
    parts = urlsplit(address)
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    base = f"{parts.scheme}://{parts.netloc}"
    _send(opener, f"{base}/oauth/sign_in", asked | {"email": email, "password": "clio"})
    return _send(opener, f"{base}/oauth/authorize", asked | {"decision": decision})


def _send(opener, url: str, form: dict[str, str]) -> str:
    from urllib.error import HTTPError

    try:
        with opener.open(Request(url, urlencode(form).encode())) as answer:
            return answer.read().decode()
    except HTTPError as answer:
        return answer.headers.get("Location", "")


@pytest.fixture
def here(settings) -> str:
    settings.PUBLIC_URL = "http://localhost"
    return settings.PUBLIC_URL


@pytest.fixture
def alice(cast: Cast, here: str) -> Client:
    client = Client()
    client.force_login(cast.alice_user)
    return client


def begin(client: Client, region: str = "US") -> str:
    answer = client.post(reverse("clio_connect"), {"region": region})
    assert answer.status_code == 302, answer.content.decode()
    return answer.url


def come_back(client: Client, address: str):
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def said(answer) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def connect(client: Client):
    return come_back(client, visit_clio(begin(client)))


def start(client: Client, drain_jobs) -> None:
    """The go-ahead for the first import, and all that follows."""
    client.post(reverse("sync_start"))
    drain_jobs()


def test_connecting_ends_on_the_first_import_and_integrations_names_the_account(
    clio, alice: Client, drain_jobs
):
    answer = connect(alice)
    assert (answer.status_code, answer.url) == (302, reverse("sync_first"))
    assert said(answer) == "Successfully connected to Clio"
    drain_jobs()
    page = alice.get(reverse("integrations")).content.decode()
    for text in (
        "Connected",
        "Hart &amp; Vale LLP",
        "United States",
        "Alice Hart",
        "Disconnect",
        "Manage Calendars",
    ):
        assert text in page, text
    assert "wait for your go-ahead" in page
    assert "See what the first import will do" in page
    assert "Same email" in page
    assert not Contact.objects.exists()
    alice.post(reverse("sync_start"))
    drain_jobs()
    assert Contact.objects.count() > 20
    assert "Contacts are up to date" in alice.get(reverse("integrations")).content.decode()


def test_the_password_of_clio_is_typed_at_clio_and_our_form_may_lead_there(clio, alice: Client):
    page = alice.get(reverse("clio_connect"))
    assert 'type="password"' not in page.content.decode()
    policy = page.headers["Content-Security-Policy"]
    form_action = next(part for part in policy.split(";") if "form-action" in part)
    assert clio.url in form_action
    assert "'self'" in form_action
    assert begin(alice).startswith(f"{clio.url}/oauth/authorize?")


def test_declining_is_calm_and_stores_nothing(clio, alice: Client, cast: Cast):
    answer = come_back(alice, visit_clio(begin(alice), decision="decline"))
    assert "Nothing was connected" in said(answer)
    assert not Connection.objects.exists()
    assert Event.objects.filter(firm=cast.firm, name="clio_declined").count() == 1


def test_a_plan_without_api_access_gets_the_reason_and_nothing_half_connected(clio, alice: Client):
    clio.control.set_account(ALICE, plan="EasyStart")
    answer = come_back(alice, _refused_for_the_plan(begin(alice)))
    assert "plan does not include API access" in said(answer)
    assert not Connection.objects.exists()


def _refused_for_the_plan(address: str) -> str:
    """The stand-in shows a page of its own with a link back; what Clio does there is unpublished."""
    import re
    from html import unescape

    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    parts = urlsplit(address)
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    base = f"{parts.scheme}://{parts.netloc}"
    from urllib.error import HTTPError

    try:
        body = opener.open(
            Request(f"{base}/oauth/sign_in", urlencode(asked | {"email": ALICE, "password": "clio"}).encode())
        ).read()
    except HTTPError as answer:
        body = answer.read()
    return unescape(re.search(r'class="button" href="([^"]+)"', body.decode())[1])


def test_a_plan_that_loses_api_access_after_consent_is_refused_as_a_whole(clio, alice: Client):
    back = visit_clio(begin(alice))
    clio.control.fault("status", path="/api/v4/users/who_am_i*", status=403)
    answer = come_back(alice, back)
    assert "plan" in said(answer)
    assert "Nothing was connected" in said(answer)
    assert not Connection.objects.exists()
    assert not Cursor.objects.exists()


def test_without_a_subscription_the_reason_is_told_before_anybody_is_sent_to_clio(
    clio, alice: Client, cast: Cast
):
    set_subscription(firm=cast.firm, state=Firm.Subscription.ENDED, now=timezone.now())
    assert "needs an active Daybook subscription" in alice.get(reverse("integrations")).content.decode()
    page = alice.get(reverse("clio_connect")).content.decode()
    assert "needs an active Daybook subscription" in page
    assert "Continue to Clio" not in page
    answer = alice.post(reverse("clio_connect"), {"region": "US"})
    assert answer.status_code == 409
    assert "needs an active Daybook subscription" in answer.content.decode()


def test_the_answer_is_believed_only_with_the_state_of_this_session_and_only_once(clio, alice: Client):
    back = visit_clio(begin(alice))
    forged = back.split("state=")[0] + "state=somebody-elses"
    assert "does not belong" in said(come_back(alice, forged))
    assert "does not belong" in said(come_back(alice, back)), "a state that met a wrong answer is spent"
    again = visit_clio(begin(alice))
    assert said(come_back(alice, again)).endswith("Successfully connected to Clio")
    assert "does not belong" in said(come_back(alice, again))
    assert Connection.objects.count() == 1


def test_an_answer_nobody_asked_for_connects_nothing(clio, alice: Client):
    assert "does not belong" in said(alice.get(reverse("clio_callback"), {"code": "x", "state": "y"}))
    assert "does not belong" in said(alice.get(reverse("clio_callback")))
    assert not Connection.objects.exists()


def test_a_visit_that_took_too_long_is_begun_again(clio, alice: Client):
    back = visit_clio(begin(alice))
    session = alice.session
    session["clio_door"] = session["clio_door"] | {"until": timezone.now().timestamp() - 1}
    session.save()
    assert "too late" in said(come_back(alice, back))


def test_another_person_cannot_finish_a_visit_begun_by_somebody_else(clio, alice: Client, other: Cast):
    back = visit_clio(begin(alice))
    session = alice.session
    session["clio_door"] = session["clio_door"] | {"user": other.alice_user.pk}
    session.save()
    assert "does not belong" in said(come_back(alice, back))


def test_a_code_clio_does_not_take_is_told_and_stores_nothing(clio, alice: Client):
    back = visit_clio(begin(alice))
    clio.control.advance(3600)
    assert "Clio did not accept the sign-in" in said(come_back(alice, back))
    assert not Connection.objects.exists()


def test_clio_being_down_at_the_last_step_is_told_calmly(clio, alice: Client):
    back = visit_clio(begin(alice))
    clio.control.down(True)
    answer = come_back(alice, back)
    assert "could not be reached" in said(answer)
    assert not Connection.objects.exists()
    clio.control.down(False)


def test_a_region_has_to_be_chosen_from_the_list(clio, alice: Client):
    assert alice.post(reverse("clio_connect"), {}).status_code == 422
    assert alice.post(reverse("clio_connect"), {"region": "MARS"}).status_code == 422


def test_the_region_of_the_firms_country_is_suggested(clio, alice: Client, cast: Cast):
    Firm.objects.filter(pk=cast.firm.pk).update(country="AU")
    page = alice.get(reverse("clio_connect")).content.decode()
    assert 'value="AU" required id="id_region_3" checked' in page.replace(
        'aria-describedby="id_region_helptext" ', ""
    )


def test_disconnecting_asks_once_then_erases_tokens_and_keeps_records(clio, alice: Client, drain_jobs):
    connect(alice)
    drain_jobs()
    start(alice, drain_jobs)
    links, contacts = Link.objects.count(), Contact.objects.count()
    page = alice.get(reverse("clio_disconnect")).content.decode()
    for text in ("revoked and erased", "no longer synced", "Records on both sides stay"):
        assert text in page
    answer = alice.post(reverse("clio_disconnect"))
    assert "Disconnected from Clio" in said(answer)
    connection = Connection.objects.get()
    assert (connection.state, connection.access_token, connection.refresh_token) == ("disconnected", "", "")
    assert (Link.objects.count(), Contact.objects.count()) == (links, contacts)
    assert said(alice.post(reverse("clio_disconnect"))).endswith("Nothing is connected.")
    page = alice.get(reverse("integrations")).content.decode()
    assert "Not connected" in page
    assert "Earlier this firm was connected to" in page


def test_connecting_the_same_account_again_doubles_nothing(clio, alice: Client, drain_jobs):
    connect(alice)
    drain_jobs()
    start(alice, drain_jobs)
    before = (Connection.objects.count(), Contact.objects.count(), Link.objects.count())
    alice.post(reverse("clio_disconnect"))
    assert connect(alice).url == reverse("integrations"), "there is nothing to approve again"
    drain_jobs()
    assert (Connection.objects.count(), Contact.objects.count(), Link.objects.count()) == before


def test_another_account_is_refused_while_one_is_connected(clio, alice: Client):
    connect(alice)
    answer = come_back(alice, visit_clio(begin(alice), email="carol@marsh.example"))
    assert "already connected to another Clio account" in said(answer)
    assert Connection.objects.get().account_name == "Hart & Vale LLP"


def test_a_broken_connection_says_why_and_offers_to_reconnect(clio, alice: Client):
    connect(alice)
    clio.control.revoke(ALICE)
    Connection.objects.update(state="broken", trouble="Clio no longer accepts this connection.")
    page = alice.get(reverse("integrations")).content.decode()
    assert "Needs reconnecting" in page
    assert "Clio no longer accepts this connection." in page
    assert ">Reconnect</a>" in page
    assert said(connect(alice)).endswith("Successfully connected to Clio")
    assert Connection.objects.get().state == "active"


def test_the_reading_of_contacts_is_told_while_it_runs_and_asks_again_by_itself(clio, alice: Client):
    connect(alice)
    page = alice.get(reverse("clio_reading")).content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "starts in a moment" in page
    Cursor.objects.update(
        state="running", seen=4200, pages=21, started_at=timezone.now() - timezone.timedelta(seconds=60)
    )
    page = alice.get(reverse("clio_reading")).content.decode()
    assert "4,200 so far" in page
    assert "21 pages, about 4,2" in page
    Cursor.objects.update(trouble="Clio could not be reached. Daybook will try again.")
    page = alice.get(reverse("clio_reading")).content.decode()
    assert "could not be reached" in page
    assert "goes on by itself" in page
    Cursor.objects.update(state="done", trouble="", finished_at=timezone.now(), created=4200)
    ContactSync.objects.update(phase="live")
    page = alice.get(reverse("clio_reading")).content.decode()
    assert "every 2s" not in page
    assert "Contacts are up to date" in page


def test_a_lawyer_is_matched_by_hand_and_not_to_somebody_taken(clio, alice: Client, cast: Cast, drain_jobs):
    from daybook.firms.operations import add_lawyer

    connect(alice)
    drain_jobs()
    ben = add_lawyer(
        firm=cast.firm,
        name="B. Vale",
        email="bv@hartvale.example",
        time_zone="America/New_York",
        now=timezone.now(),
    )
    url = reverse("clio_match", args=[ben.pk])
    assert "Not matched" in alice.get(reverse("integrations")).content.decode()
    page = alice.get(url).content.decode()
    assert "Ben Vale" in page
    assert "already matched with Alice Hart" in page
    users = {row["name"]: str(row["id"]) for row in clio.control.records("users")}
    taken = alice.post(url, {"user": users["Alice Hart"]})
    assert taken.status_code == 409
    assert "already matched with another lawyer" in taken.content.decode()
    assert "B. Vale is Ben Vale in Clio." in said(alice.post(url, {"user": users["Ben Vale"]}))
    assert "By hand" in alice.get(reverse("integrations")).content.decode()
    alice.post(url, {"user": "nobody"})
    assert not Link.objects.filter(kind="lawyer", ours=ben.pk).exists()
    assert alice.post(url, {"user": "no such user"}).status_code == 422


def test_matching_by_hand_while_clio_is_down_is_a_calm_page(clio, alice: Client, cast: Cast):
    connect(alice)
    clio.control.down(True)
    page = alice.get(reverse("clio_match", args=[cast.alice.pk]))
    assert page.status_code == 200
    assert "could not be reached" in page.content.decode()
    assert "Try again" in page.content.decode()
    clio.control.down(False)


@pytest.fixture
def connected(clio, alice: Client, drain_jobs) -> Client:
    connect(alice)
    drain_jobs()
    return alice


def calendar(name: str) -> Calendar:
    return Calendar.objects.get(name=name)


def test_only_writable_calendars_can_be_primary_and_the_others_say_why(connected: Client, cast: Cast):
    page = connected.get(reverse("manage_calendars")).content.decode()
    viewed = Calendar.objects.get(permission="viewer")
    option = page.split(f'<option value="{viewed.pk}"')[1].split("</option>")[0]
    assert "disabled" in option
    assert "You may only view this calendar in Clio" in option
    answer = connected.post(reverse("manage_calendars"), {"primary": viewed.pk, f"blocks_{viewed.pk}": "on"})
    assert answer.status_code == 409
    assert "may not write to that calendar" in answer.content.decode()
    assert f'name="blocks_{viewed.pk}" id="id_blocks_{viewed.pk}" checked' in answer.content.decode()


def test_calendars_are_chosen_for_a_lawyer_and_take_their_time(connected: Client, cast: Cast, drain_jobs):
    firm, court = calendar("Hart & Vale LLP"), calendar("Court dates")
    answer = connected.post(
        reverse("manage_calendars"),
        {"primary": firm.pk, f"blocks_{court.pk}": "on", f"all_day_{firm.pk}": "on"},
    )
    assert answer.status_code == 302, answer.content.decode()
    uses = {use.calendar_id: use for use in CalendarUse.objects.filter(lawyer=cast.alice)}
    assert set(uses) == {firm.pk, court.pk}
    assert uses[firm.pk].is_primary
    assert uses[firm.pk].blocks
    assert uses[firm.pk].all_day_blocks
    assert not uses[court.pk].all_day_blocks
    assert "read_calendars" in drain_jobs()
    assert "Last read" in connected.get(reverse("manage_calendars")).content.decode()


def test_a_calendar_of_another_firm_cannot_be_chosen(connected: Client, other: Cast):
    foreign = Calendar.objects.create(
        firm=other.firm,
        connection=Connection.objects.create(
            firm=other.firm, provider="clio", account_id="9", connected_at=timezone.now()
        ),
        external_id="1",
        name="Carol",
        permission="owner",
    )
    page = connected.post(reverse("manage_calendars"), {"primary": foreign.pk, f"blocks_{foreign.pk}": "on"})
    assert page.status_code == 422
    assert not CalendarUse.objects.filter(calendar=foreign).exists()


def test_an_administrator_choosing_for_another_lawyer_leaves_both_names(connected: Client, cast: Cast):
    from daybook.firms.operations import add_lawyer

    ben = add_lawyer(
        firm=cast.firm,
        name="Ben",
        email="x@hartvale.example",
        time_zone="America/New_York",
        now=timezone.now(),
    )
    url = f"{reverse('manage_calendars')}?lawyer={ben.pk}"
    assert connected.post(url, {"primary": calendar("Hart & Vale LLP").pk}).status_code == 302
    event = Event.objects.filter(name="calendars_chosen").latest("pk")
    assert (event.actor, event.behalf_of) == (cast.alice_user, ben)


def test_refreshing_the_list_shows_new_calendars_and_trouble_calmly(clio, connected: Client):
    refresh = reverse("manage_calendars_refresh")
    Calendar.objects.filter(name="Court dates").update(name="Old name")
    assert "up to date" in said(connected.post(refresh))
    assert Calendar.objects.filter(name="Court dates").exists()
    clio.control.down(True)
    assert "could not be reached" in said(connected.post(refresh))
    clio.control.down(False)
    Connection.objects.update(state="broken")
    assert "renewed first" in said(connected.post(refresh))


def test_without_a_connection_manage_calendars_says_where_to_begin(alice: Client):
    page = alice.get(reverse("manage_calendars")).content.decode()
    assert "Not connected" in page
    assert reverse("integrations") in page


def test_a_calendar_that_cannot_be_read_is_told_on_integrations(connected: Client, cast: Cast):
    use = CalendarUse.objects.filter(lawyer=cast.alice, blocks=True).first()
    Calendar.objects.filter(pk=use.calendar_id).update(trouble_final=True, trouble="Share it again, please.")
    page = connected.get(reverse("integrations")).content.decode()
    assert "free times are hidden" in page
    assert "Share it again, please." in page
