"""The stage's stand-ins: they answer, mail arrives, a browser sees the product."""

from playwright.sync_api import expect


def test_the_stand_in_answers_and_its_exchanges_are_recorded(clio):
    from daybook.connectors.http import Http

    answer = Http(clio.url, "clio").request("GET", "/api/v4/users/who_am_i.json", check=lambda _answer: None)
    assert answer.status == 401
    assert clio.exchanges


def test_mail_goes_into_the_mailbox(mailbox):
    from django.core.mail import send_mail

    send_mail("Tuesday", "At ten.", None, ["dana@example.com"])
    (mail,) = mailbox.wait_for(1, to="dana@example.com")
    assert mail["subject"] == "Tuesday"


def test_a_browser_sees_the_product_at_both_widths(desktop, phone, axe, no_sideways_scroll):
    for page in (desktop, phone):
        page.goto("/account/login/")
        expect(page.locator("h1")).to_be_visible()
        axe(page)
        no_sideways_scroll(page)


def test_what_the_browser_complains_about_is_noticed(desktop, browser_errors):
    desktop.goto("/account/login/")
    with desktop.expect_console_message(lambda message: "CSP" in message.text):
        desktop.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://127.0.0.1:9/x.png\">')"
        )
    assert any("CSP" in text or "Content Security Policy" in text for text in browser_errors.left())
    browser_errors.allow("CSP|Content Security Policy|ERR_")
