"""Connecting a Microsoft account, as a person clicks through it, and staying connected."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from daybook.connectors.errors import Forbidden, NotAuthorised, Rejected, RemoteTrouble, Unreachable
from daybook.connectors.microsoft import oauth
from daybook.connectors.microsoft.account import who_am_i
from daybook.connectors.microsoft.oauth import App, Token
from tests.connectors.microsoft_rig import APP, BEN, Stage, staged

BACK = "http://127.0.0.1:9/microsoft/back"
NOW = datetime(2027, 1, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


class Stay(urllib.request.HTTPRedirectHandler):
    """A browser that shows where it was sent instead of going there."""

    def redirect_request(self, *_: object) -> None:
        return None


def visit(url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, page, and where one is sent."""
    data = urlencode(form).encode() if form is not None else None
    try:
        with urllib.request.build_opener(Stay).open(url, data, timeout=10) as answer:
            return answer.status, answer.read().decode(), ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Location", "")


def fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {unescape(name): unescape(value) for name, value in found}


def signed_in(stage: Stage, verifier: str, email: str = BEN) -> str:
    url = oauth.authorize_url(APP, BACK, "some-state", verifier, login_url=stage.sandbox.url)
    page = visit(url)[1]
    form = {**fields(page), "email": email, "password": "microsoft"}
    return visit(f"{stage.sandbox.url}/sandbox/sign_in", form)[1]


def decided(stage: Stage, verifier: str, decision: str, email: str = BEN) -> dict[str, str]:
    form = {**fields(signed_in(stage, verifier, email)), "decision": decision}
    target = visit(f"{stage.sandbox.url}/sandbox/consent", form)[2]
    assert target.startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(target).query))


def exchanged(stage: Stage, code: str, verifier: str, app: App = APP) -> Token:
    return oauth.exchange(app, code, BACK, verifier, now=NOW, login_url=stage.sandbox.url)


def refreshed(stage: Stage, token: Token, app: App = APP) -> Token:
    return oauth.refresh(app, token.refresh, now=NOW, login_url=stage.sandbox.url)


def test_the_address_asks_for_calendars_and_the_name_and_nothing_more() -> None:
    url = oauth.authorize_url(APP, BACK, "some-state", "v" * 43, hint=BEN)
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
    )
    assert query.pop("scope").split() == ["offline_access", "Calendars.ReadWrite", "User.Read"]
    assert query.pop("code_challenge") == oauth.challenge("v" * 43)
    assert query == {
        "client_id": "daybook-demo",
        "response_type": "code",
        "redirect_uri": BACK,
        "response_mode": "query",
        "state": "some-state",
        "code_challenge_method": "S256",
        "prompt": "select_account",
        "login_hint": BEN,
    }


def test_the_challenge_is_that_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    assert oauth.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_somebody_who_accepts_is_connected_and_known(stage: Stage) -> None:
    verifier = oauth.new_verifier()
    answer = decided(stage, verifier, "accept")
    assert answer["state"] == "some-state"
    token = exchanged(stage, answer["code"], verifier)
    assert token.expires_at == NOW + timedelta(seconds=3599)
    account = who_am_i(stage.session(token=token))
    assert (account.email, account.name) == (BEN, "Ben Vale")
    assert account.id == stage.control.records("accounts")[0]["id"]


def test_a_personal_account_without_mail_is_known_by_its_principal_name(stage: Stage) -> None:
    stage.control.add_account("chloe@outlook.example", "Chloe Vale", kind="personal")
    verifier = oauth.new_verifier()
    answer = decided(stage, verifier, "accept", "chloe@outlook.example")
    token = exchanged(stage, answer["code"], verifier)
    assert who_am_i(stage.session(token=token)).email == "chloe@outlook.example"


def test_a_code_works_once_and_only_with_its_own_verifier(stage: Stage) -> None:
    verifier = oauth.new_verifier()
    with pytest.raises(NotAuthorised):
        exchanged(stage, decided(stage, verifier, "accept")["code"], oauth.new_verifier())
    code = decided(stage, verifier, "accept")["code"]
    exchanged(stage, code, verifier)
    with pytest.raises(NotAuthorised):
        exchanged(stage, code, verifier)


def test_somebody_who_cancels_is_told_that_nothing_was_connected(stage: Stage) -> None:
    answer = decided(stage, oauth.new_verifier(), "cancel")
    trouble = oauth.denied(answer["error"], answer["error_description"])
    assert isinstance(trouble, NotAuthorised)
    assert trouble.text == oauth.DECLINED
    assert stage.control.counts()["grants"] == 0


def test_where_an_administrator_must_approve_that_is_what_is_said(stage: Stage) -> None:
    stage.control.set_account(BEN, needs_admin=True)
    page = signed_in(stage, oauth.new_verifier())
    assert "Need admin approval" in page
    link = unescape(re.findall(r'class="button" href="([^"]*)"', page)[0])
    answer = dict(parse_qsl(urlsplit(link).query))
    trouble = oauth.denied(answer["error"], answer["error_description"])
    assert isinstance(trouble, Forbidden)
    assert "administrator" in trouble.text
    assert "AADSTS" not in trouble.text


def test_consent_taken_back_by_an_administrator_asks_for_the_administrator(stage: Stage) -> None:
    token = stage.token()
    stage.control.set_account(BEN, needs_admin=True)
    with pytest.raises(Forbidden) as caught:
        refreshed(stage, token)
    assert caught.value.text == oauth.ADMINISTRATOR


@pytest.mark.parametrize(
    ("error", "description", "kind", "text"),
    [
        ("access_denied", "AADSTS65004: User declined", NotAuthorised, oauth.DECLINED),
        ("access_denied", "", NotAuthorised, oauth.DECLINED),
        ("consent_required", "AADSTS65001: nobody has", Forbidden, oauth.ADMINISTRATOR),
        ("access_denied", "AADSTS90094: The grant requires", Forbidden, oauth.ADMINISTRATOR),
        ("invalid_grant", "AADSTS53003: Blocked by rules", Forbidden, oauth.BLOCKED),
        ("invalid_client", "AADSTS7000222: secret expired", Forbidden, oauth.OPERATOR),
        ("invalid_grant", "AADSTS700082: inactive too long", NotAuthorised, ""),
        ("temporarily_unavailable", "", Unreachable, ""),
        ("something_new", "AADSTS99999: who knows", Rejected, ""),
    ],
)
def test_every_refusal_says_who_can_do_something(
    error: str, description: str, kind: type[RemoteTrouble], text: str
) -> None:
    trouble = oauth.denied(error, description)
    assert type(trouble) is kind
    assert trouble.text == text or not text


def test_a_wrong_secret_is_the_operators_matter_and_ends_no_connection(stage: Stage) -> None:
    with pytest.raises(Forbidden) as caught:
        refreshed(stage, stage.token(), App("daybook-demo", "run out"))
    assert caught.value.text == oauth.OPERATOR


def test_each_refresh_brings_a_new_refresh_token(stage: Stage) -> None:
    first = stage.token()
    second = refreshed(stage, first)
    third = refreshed(stage, second)
    assert len({first.refresh, second.refresh, third.refresh}) == 3


def test_an_answer_without_a_refresh_token_keeps_the_old_one(stage: Stage) -> None:
    stage.control.set_quirk("rotation", "none")
    first = stage.token()
    second = refreshed(stage, first)
    assert (second.refresh, second.access != first.access) == (first.refresh, True)
    assert refreshed(stage, second).access not in (first.access, second.access)


def test_a_refresh_whose_answer_was_lost_is_asked_again_with_the_old_token(stage: Stage) -> None:
    token = stage.token()
    stage.control.fault("drop_after", path="*/token")
    with pytest.raises(Unreachable) as caught:
        refreshed(stage, token)
    assert not caught.value.maybe_applied
    assert refreshed(stage, token).refresh != token.refresh


def test_a_refresh_token_replaced_long_ago_is_over(stage: Stage) -> None:
    token = stage.token()
    refreshed(stage, token)
    stage.control.advance(25 * 3600)
    with pytest.raises(NotAuthorised):
        refreshed(stage, token)


@pytest.mark.parametrize("kind", ["malformed", "truncated"])
def test_an_unreadable_answer_to_a_refresh_is_no_token(stage: Stage, kind: str) -> None:
    stage.control.fault(kind, path="*/token")
    with pytest.raises(RemoteTrouble) as caught:
        refreshed(stage, stage.token())
    assert not caught.value.maybe_applied
    assert not isinstance(caught.value, NotAuthorised)


def test_tokens_and_secrets_show_in_no_text(stage: Stage) -> None:
    token = stage.token()
    for shown in (repr(token), repr(APP)):
        assert token.access not in shown
        assert token.refresh not in shown
        assert APP.client_secret not in shown
