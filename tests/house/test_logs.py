"""Logs name what happened, never to whom."""

import io
import json
import logging

import pytest
import structlog
from django.conf import settings

from daybook.config import logs

SECRETS = ("dana@example.com", "+1 303 555 0101", "s3cr3t-value", "Dana Reyes", "code=abc123")


@pytest.fixture
def lines():
    """The lines written as JSON, read back."""
    logs.configure({"level": "info", "format": "json"})
    written = io.StringIO()
    (handler,) = logging.getLogger().handlers
    handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.reset_defaults()
    logs.configure(settings.LOGGING)


def test_keys_that_hold_personal_data_are_dropped(lines):
    structlog.get_logger("daybook.test").info(
        "booked",
        client_email=SECRETS[0],
        phone=SECRETS[1],
        access_token=SECRETS[2],
        name=SECRETS[3],
        appointment=12,
    )
    (line,) = lines()
    assert line["event"] == "booked"
    assert line["appointment"] == 12
    assert not set(line) & {"client_email", "phone", "access_token", "name"}


def test_texts_of_other_peoples_libraries_are_scrubbed(lines):
    logging.getLogger("somebody.else").warning(
        "sent to %s at /callback?%s with token=%s, call +1 303 555 0101", SECRETS[0], SECRETS[4], SECRETS[2]
    )
    (line,) = lines()
    for secret in (SECRETS[0], SECRETS[1], SECRETS[2], SECRETS[4]):
        assert secret not in json.dumps(line), line


def test_a_signed_link_is_not_in_the_log(lines):
    for path in ("/appointment/1f2e:sIgNeD/", "/book/hold/1f2e:sIgNeD/", "/join/7-1:sIgNeD/"):
        logging.getLogger("django.request").error("Internal Server Error: %s", path)
    for line in lines():
        assert "sIgNeD" not in json.dumps(line), line


def test_a_tracebacks_text_is_scrubbed_too(lines):
    try:
        raise ValueError("no such client: dana@example.com")
    except ValueError:
        logging.getLogger("somebody.else").exception("it failed")
    (line,) = lines()
    assert "ValueError" in line["exception"]
    assert SECRETS[0] not in json.dumps(line)


def test_what_the_queue_attaches_is_left_out(lines):
    logging.getLogger("procrastinate.worker").error(
        "Job push[7](appointment=3) ended",
        extra={"job": {"task_kwargs": {"email": SECRETS[0]}}, "action": "job_error"},
    )
    (line,) = lines()
    assert "job" not in line
    assert line["action"] == "job_error"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see /dashboard?code=abc123 now", "see /dashboard?… now"),
        ("at /appointment/1f2e:sIgNeD/", "at /appointment/…/"),
        ("to dana@example.com", "to [email]"),
        ("call +1 303 555 0101", "call [phone]"),
        ("ToKeN: abcdefgh", "ToKeN: [secret]"),
        ("\u017fecret=abcdefgh", "\u017fecret=[secret]"),
        ("Api-Key abcdefgh", "Api-Key [secret]"),
        ("API\u212aEY=abcdefgh", "API\u212aEY=[secret]"),
        ("BASIC abcdefgh and bearer ijklmnop", "BASIC [secret] and bearer [secret]"),
        ("2026-11-23T19:00:06.663408Z", "2026-11-23T19:00:06.663408Z"),
    ],
)
def test_each_kind_of_text_alone_is_scrubbed_however_it_is_spelled(text, left):
    assert logs.scrub(text) == left


def test_a_request_leaves_one_line_with_its_route_and_nothing_of_its_query(lines, client, db):
    client.post(
        "/account/login/?next=/secret-place&email=dana@example.com",
        {"login": SECRETS[0], "password": SECRETS[2]},
    )
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line["route"] == "account_login"
    assert line["method"] == "POST"
    assert set(line) <= {
        "event",
        "method",
        "route",
        "status",
        "ms",
        "request_id",
        "level",
        "logger",
        "timestamp",
    }
