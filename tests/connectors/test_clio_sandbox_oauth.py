"""The sandbox's OAuth: what a person clicks through, and what the application gets (facts §2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sandbox.clio import Sandbox, start
from sandbox.clio.client import Client, Reply

BACK = "http://127.0.0.1:9/integrations/clio/back"
ASK = {
    "client_id": "daybook-demo",
    "response_type": "code",
    "redirect_uri": BACK,
    "state": "s t&1",
    "redirect_on_decline": "true",
}


@pytest.fixture
def clio() -> Iterator[Sandbox]:
    with start(seed="demo") as running:
        yield running


@pytest.fixture
def person(clio: Sandbox) -> Client:
    return Client(clio.url)


def hidden(page: Reply) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.body.decode())
    return {unescape(name): unescape(value) for name, value in found}


def sign_in(
    person: Client, email: str = "alice@hartvale.example", password: str = "clio", **ask: str
) -> Reply:
    page = person("GET", "/oauth/authorize?" + urlencode(ASK | ask))
    return person.form("/oauth/sign_in", email=email, password=password, **hidden(page))


def decide(person: Client, decision: str, **ask: str) -> dict[str, str]:
    """Sign in and press a button; the query the application is sent back with."""
    signed_in = sign_in(person, **ask)
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].split(";")[0]}
    page = person("GET", signed_in.headers["Location"], headers=cookie)
    assert "Daybook asks for access" in page.body.decode()
    back = person.form("/oauth/authorize", headers=cookie, decision=decision, **hidden(page))
    assert back.status == 302
    assert back.headers["Location"].startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(back.headers["Location"]).query).items()}


def trade(person: Client, **values: str) -> Reply:
    app = {"client_id": "daybook-demo", "client_secret": "daybook-demo-secret"}
    return person.form("/oauth/token", **(app | values))


def test_a_person_signs_in_allows_access_and_the_code_becomes_tokens(person: Client) -> None:
    back = decide(person, "allow")
    assert back["state"] == ASK["state"]
    answer = trade(person, grant_type="authorization_code", code=back["code"], redirect_uri=BACK).json
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 2_592_000
    me = Client(person.url, answer["access_token"])(
        "GET", "users/who_am_i.json", fields="email,account{name}"
    )
    assert me.data == {"email": "alice@hartvale.example", "account": {"name": "Hart & Vale LLP"}}


def test_the_pages_have_labels_both_buttons_and_say_they_are_a_sandbox(person: Client) -> None:
    page = person("GET", "/oauth/authorize?" + urlencode(ASK)).body.decode()
    assert "<strong>sandbox</strong>" in page
    assert '<label for="email">' in page
    assert '<label for="password">' in page
    signed_in = sign_in(person)
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].split(";")[0]}
    consent = person("GET", signed_in.headers["Location"], headers=cookie).body.decode()
    assert ">Allow Access</button>" in consent
    assert ">Decline</button>" in consent


def test_declining_comes_back_only_when_asked_to(person: Client) -> None:
    assert decide(person, "decline") == {"error": "access_denied", "state": ASK["state"]}
    signed_in = sign_in(person, redirect_on_decline="false")
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].split(";")[0]}
    page = person("GET", signed_in.headers["Location"], headers=cookie)
    stays = person.form("/oauth/authorize", headers=cookie, decision="decline", **hidden(page))
    assert stays.status == 200
    assert "Access declined" in stays.body.decode()


def test_a_wrong_password_says_so_and_keeps_the_request(person: Client) -> None:
    page = sign_in(person, password="wrong")
    assert page.status == 401
    assert "not right" in page.body.decode()
    assert hidden(page)["state"] == ASK["state"]


def test_a_code_works_once_and_for_ten_minutes(clio: Sandbox, person: Client) -> None:
    code = decide(person, "allow")["code"]
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    assert trade(person, **asked).status == 200
    assert trade(person, **asked).json["error"] == "invalid_grant"
    late = decide(person, "allow")["code"]
    clio.control.advance(601)
    assert trade(person, **(asked | {"code": late})).status == 400


def test_the_redirect_uri_must_be_the_same_to_the_letter(clio: Sandbox, person: Client) -> None:
    code = decide(person, "allow")["code"]
    assert trade(person, grant_type="authorization_code", code=code, redirect_uri=BACK + "/").status == 400
    clio.control.set_app(redirect_uris=["http://127.0.0.1:9/other"])
    refused = person("GET", "/oauth/authorize?" + urlencode(ASK))
    assert refused.status == 400
    assert "Location" not in refused.headers


def test_an_address_elsewhere_is_refused(person: Client) -> None:
    asked = ASK | {"redirect_uri": "https://evil.example/back"}
    assert person("GET", "/oauth/authorize?" + urlencode(asked)).status == 400


def test_a_refresh_gives_a_new_access_token_and_no_new_refresh_token(clio: Sandbox, person: Client) -> None:
    first = clio.control.token("alice@hartvale.example")
    for _ in range(2):
        again = trade(person, grant_type="refresh_token", refresh_token=first["refresh_token"])
        assert "refresh_token" not in again.json
        assert Client(clio.url, again.json["access_token"])("GET", "users/who_am_i.json").status == 200


def test_an_access_token_ends_after_thirty_days(clio: Sandbox) -> None:
    alice = Client(clio.url, clio.control.token("alice@hartvale.example")["access_token"])
    clio.control.advance(30 * 86_400 - 10)
    assert alice("GET", "users/who_am_i.json").status == 200
    clio.control.advance(20)
    refused = alice("GET", "users/who_am_i.json")
    assert refused.status == 401
    assert refused.json["error"] == "invalid_token"
    assert isinstance(refused.json["error_description"], str)


def test_deauthorizing_ends_access_and_refresh_token(clio: Sandbox, person: Client) -> None:
    tokens = clio.control.token("alice@hartvale.example")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    done = person.form("/oauth/deauthorize", headers=bearer, token=tokens["access_token"])
    assert (done.status, done.body) == (200, b"")
    assert Client(clio.url, tokens["access_token"])("GET", "users/who_am_i.json").status == 401
    assert trade(person, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status == 400


def test_a_wrong_secret_is_refused(person: Client) -> None:
    answer = trade(person, client_secret="guess", grant_type="refresh_token", refresh_token="x")
    assert (answer.status, answer.json["error"]) == (401, "invalid_client")


def test_another_region_neither_signs_in_nor_takes_the_token(clio: Sandbox, person: Client) -> None:
    token = clio.control.token("alice@hartvale.example")["access_token"]
    with start(region="eu", seed="demo") as europe:
        assert Client(europe.url, token)("GET", "users/who_am_i.json").status == 401
    clio.control.set_account("alice@hartvale.example", region="eu")
    assert Client(clio.url, token)("GET", "users/who_am_i.json").status == 401
    assert "in this region" in sign_in(person).body.decode()


def test_a_plan_without_api_access_is_told_the_reason(clio: Sandbox, person: Client) -> None:
    token = clio.control.token("alice@hartvale.example")["access_token"]
    clio.control.set_account("alice@hartvale.example", plan="EasyStart")
    signed_in = sign_in(person)
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].split(";")[0]}
    page = person("GET", signed_in.headers["Location"], headers=cookie)
    assert page.status == 403
    assert "does not include API access" in page.body.decode()
    assert "Allow Access" not in page.body.decode()
    assert Client(clio.url, token)("GET", "users/who_am_i.json").error == "ForbiddenError"


def test_the_user_can_remove_the_application(clio: Sandbox) -> None:
    token = clio.control.token("alice@hartvale.example")["access_token"]
    clio.control.revoke("alice@hartvale.example")
    assert Client(clio.url, token)("GET", "users/who_am_i.json").status == 401
