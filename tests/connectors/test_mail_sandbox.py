"""The mail sandbox, over real SMTP and HTTP."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.mail import MailSandbox, start


@pytest.fixture
def mail() -> Iterator[MailSandbox]:
    with start() as running:
        yield running


def send(
    mail: MailSandbox, to: str = "dana@mail.example", subject: str = "Your appointment", html: str = ""
) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Daybook <no-reply@daybook.example>", to, subject
    message.set_content("Moved to Tuesday.\nChange it: https://book.example/a/1?x=1&y=2.")
    if html:
        message.add_alternative(html, subtype="html")
    message.add_attachment(
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar", filename="appointment.ics"
    )
    with smtplib.SMTP("127.0.0.1", mail.smtp_port, timeout=5) as client:
        client.send_message(message)


def get(url: str) -> tuple[dict[str, str], str]:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return dict(answer.headers), answer.read().decode()


def test_a_mail_sent_is_listed_with_its_text_headers_and_attachments(mail: MailSandbox) -> None:
    send(mail, subject="Termin für Zoë")
    (found,) = json.loads(get(f"{mail.url}/_control/messages")[1])
    assert found["subject"] == "Termin für Zoë"
    assert found["to"] == ["dana@mail.example"]
    assert "Moved to Tuesday" in found["text"]
    assert found["html"] is None
    assert ["From", "Daybook <no-reply@daybook.example>"] in found["headers"]
    (calendar,) = found["attachments"]
    assert (calendar["filename"], calendar["content_type"]) == ("appointment.ics", "text/calendar")
    assert calendar["text"].startswith("BEGIN:VCALENDAR")


def test_the_newest_mail_comes_first_and_to_narrows_the_list(mail: MailSandbox) -> None:
    send(mail, subject="first")
    send(mail, to="ben@hartvale.example", subject="second")
    assert [m["subject"] for m in mail.messages()] == ["second", "first"]
    assert [m["subject"] for m in mail.messages(to="DANA@mail.example")] == ["first"]
    assert "second" not in get(f"{mail.url}/?to=dana@mail.example")[1]


def test_the_page_shows_text_with_links_and_locks_the_html_in(mail: MailSandbox) -> None:
    send(mail, subject="<b>Hi</b>", html="<p>Hello</p><script>alert(1)</script>")
    number = mail.messages()[0]["id"]
    page = get(f"{mail.url}/messages/{number}")[1]
    assert "&lt;b&gt;Hi&lt;/b&gt;" in page
    assert 'href="https://book.example/a/1?x=1&amp;y=2"' in page
    assert "<script>" not in page
    assert "<iframe sandbox " in page
    headers, html = get(f"{mail.url}/messages/{number}/html")
    assert "<p>Hello</p>" in html
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_an_attachment_downloads_under_its_name(mail: MailSandbox) -> None:
    send(mail)
    headers, body = get(f"{mail.url}/messages/{mail.messages()[0]['id']}/attachments/0")
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''appointment.ics"
    assert body.startswith("BEGIN:VCALENDAR")


def test_clearing_leaves_nothing(mail: MailSandbox) -> None:
    send(mail)
    request = urllib.request.Request(f"{mail.url}/_control/clear", method="POST", data=b"")
    urllib.request.urlopen(request, timeout=5).close()
    assert mail.messages() == []
    assert "No mail yet" in get(mail.url)[1]


def test_an_unknown_address_is_not_found(mail: MailSandbox) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"{mail.url}/messages/99")
    assert refused.value.code == 404


def test_mails_survive_a_restart_in_the_state_file(tmp_path: Path) -> None:
    with start(state=tmp_path / "mail.json") as first:
        send(first, subject="kept")
    with start(state=tmp_path / "mail.json") as second:
        assert [m["subject"] for m in second.messages()] == ["kept"]
        send(second, subject="new")
        assert [m["id"] for m in second.messages()] == [2, 1]


def test_a_login_is_accepted_whatever_it_is(mail: MailSandbox) -> None:
    with smtplib.SMTP("127.0.0.1", mail.smtp_port, timeout=5) as client:
        client.login("anybody", "anything")
