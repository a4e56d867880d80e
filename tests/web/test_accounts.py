"""Accounts: what the mails of signing up and of a forgotten password say, and the page they lead to."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_projects_checks_have_nothing_to_say():
    call_command("check", fail_level="WARNING")


SIGN_UP = {
    "firm_name": "Marsh Law",
    "name": "Carol Marsh",
    "email": "carol@marsh.example",
    "password1": "quiet-river-lantern-42",
    "time_zone": "America/Denver",
    "country": "US",
}


def sent(subject: str) -> str:
    """The text of the one mail, which names no machine, no other product, and greets calmly."""
    (message,) = mail.outbox
    assert message.subject == subject
    text = re.sub(r"https?://\S+", "LINK", str(message.body))
    assert text.startswith("Hello,\n\n")
    assert text.endswith("\n\nDaybook")
    for wrong in ("testserver", "127.0.0.1", "example.com", "Hello from", "&#"):
        assert wrong not in text
    return str(message.body)


def test_signing_up_sends_a_calm_mail_whose_page_confirms_the_address_with_one_press(client: Client, db):
    assert client.post("/account/signup/", SIGN_UP).status_code == 302
    text = sent("Please confirm your email address")
    assert "Your firm is open on Daybook." in text
    link = re.search(r"https?://[^/]+(/account/confirm-email/\S+)", text)
    assert link
    page = client.get(link[1]).content.decode()
    assert "<h1>Confirm your address</h1>" in page
    assert "carol@marsh.example" in page
    assert '<button class="primary" type="submit">Yes, confirm it</button>' in page
    answer = client.post(link[1], follow=True)
    assert "Your address carol@marsh.example is confirmed." in answer.content.decode()


def test_a_confirmation_link_that_never_was_says_so(client: Client, db):
    page = client.get("/account/confirm-email/forged/").content.decode()
    assert "This link no longer works" in page
    assert "Ask for a new link" in page


def test_a_forgotten_password_is_answered_with_a_link_that_works(client: Client, cast: Cast):
    assert client.post("/account/password/reset/", {"email": "alice@hartvale.example"}).status_code == 302
    link = re.search(r"https?://[^/]+(/account/password/reset/key/\S+)", sent("Choose a new password"))
    assert link
    assert "Choose a new password" in client.get(link[1], follow=True).content.decode()


def test_an_unknown_address_is_told_that_it_has_no_account(client: Client, db):
    assert client.post("/account/password/reset/", {"email": "nobody@marsh.example"}).status_code == 302
    assert "There is no account on Daybook with that address" in sent("No account with this address")


def test_an_address_given_later_is_confirmed_in_the_same_words(client: Client, cast: Cast):
    client.force_login(cast.alice_user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/account/email/", {"action_add": "", "email": "alice@hart.example"})
    assert "This address was given for an account on Daybook." in sent("Please confirm your email address")
