"""Logs as data: JSON for machines or text for people, and never anything personal."""

from __future__ import annotations

import logging
import logging.config
import re
import time
import uuid
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

#: Keys that hold people's data or keys to it. Matched as whole words of a key: `client_email`, `emails`, `email`.
PERSONAL = frozenset(
    [
        "address",
        "answer",
        "answers",
        "attendee",
        "attendees",
        "authorization",
        "body",
        "client",
        "client_name",
        "code",
        "content",
        "cookie",
        "cookies",
        "csrf",
        "data",
        "email",
        "emails",
        "first_name",
        "form",
        "full_name",
        "headers",
        "key",
        "last_name",
        "letter",
        "mail",
        "message_body",
        "middle_name",
        "name",
        "note",
        "notes",
        "params",
        "password",
        "phone",
        "phones",
        "post",
        "query",
        "query_string",
        "reason",
        "recipient",
        "recipients",
        "refresh_token",
        "secret",
        "session",
        "sender",
        "signature",
        "subject",
        "surname",
        "text",
        "to",
        "token",
        "tokens",
        "url",
        "uri",
        "user_agent",
        "username",
        "value",
        "values",
    ]
)
#: These end in a word from above and say nothing about anybody.
HARMLESS = frozenset(
    {
        "event",
        "logger",
        "logger_name",
        "task_name",
        "route_name",
        "worker_name",
        "name_of_setting",
        "status_code",
    }
)
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+\.[\w.-]+")
_SECRET = re.compile(r"(?i)\b(bearer|basic|token|secret|password|api[_-]?key)([\s:=]+)[^\s,;&\"']{6,}")
_SECRET_WORDS = ("bearer", "basic", "token", "secret", "password", "api")
_QUERY = re.compile(r"(https?://[^\s?#\"']+|/[^\s?#\"']*)\?[^\s\"']+")
#: An address that opens something for whoever has it: kept without the part that does.
_KEY = re.compile(r"(/(?:appointment|hold|join|key|confirm-email)/)[^/\s?#\"']+")
_PHONE = re.compile(r"(?<![\w.:-])\+\d[\d ().-]{7,}\d")
#: What the queue attaches to its records: arguments of jobs, whole results.
_DROPPED = frozenset({"job", "jobs", "worker", "result", "task_kwargs", "args", "request", "server_time"})

Record = MutableMapping[str, Any]


@lru_cache(maxsize=1024)
def _is_personal(key: str) -> bool:
    low = key.lower()
    if low in HARMLESS:
        return False
    return low in PERSONAL or any(word in PERSONAL for word in re.split(r"[_\-.]", low) if word)


def scrub(text: str) -> str:
    """Take e-mail addresses, phone numbers, query strings, signed links and things that look like keys out of `text`."""
    # Most of what is logged is a word or an instant: what no pattern can be in is not searched for it.
    if "?" in text:
        text = _QUERY.sub(r"\1?…", text)
    if "/" in text:
        text = _KEY.sub(r"\1…", text)
    if "@" in text:
        text = _EMAIL.sub("[email]", text)
    if "+" in text:
        text = _PHONE.sub("[phone]", text)
    if any(map(text.casefold().__contains__, _SECRET_WORDS)):
        text = _SECRET.sub(r"\1\2[secret]", text)
    return text


def drop_personal(_logger: Any, _method: str, record: Record) -> Record:
    """Remove the keys known to hold personal data, and scrub every text that stays."""
    for key in list(record):
        if key.startswith("_"):
            continue
        value = record[key]
        if key in _DROPPED or (_is_personal(key) and key != "event"):
            del record[key]
        elif isinstance(value, str):
            record[key] = scrub(value)
        elif not isinstance(value, int | float | bool | None):
            record[key] = scrub(repr(value)) if key != "exc_info" else value
    return record


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        drop_personal,
    ]


def configure(settings: dict[str, Any]) -> None:
    """Set logging up. `settings` is Django's LOGGING: {"level": …, "format": "json" | "text"}."""
    shared = _shared()
    final: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.get("format") == "text":
        final = structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    level = str(settings.get("level", "info")).upper()
    quiet = "WARNING" if level != "DEBUG" else "DEBUG"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "all": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, final],
                }
            },
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "all"}},
            "root": {"handlers": ["out"], "level": level},
            "loggers": {
                # They repeat what our own request log and job log say, with more in it than we want to keep.
                "django.request": {"level": "ERROR"},
                "django.db.backends": {"level": "INFO"},
                "procrastinate": {"level": quiet},
                "httpx2": {"level": "WARNING"},
                "httpcore2": {"level": "WARNING"},
                "asyncio": {"level": "WARNING"},
            },
        }
    )


class RequestLogMiddleware:
    """One line for each request: what was asked for by name, how it went, how long it took. Nothing about whom."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.log = structlog.get_logger("daybook.web")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request_id = uuid.uuid4().hex[:12]
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 500
        try:
            response = self.get_response(request)
            status = response.status_code
            response["X-Request-ID"] = request_id
            return response
        finally:
            match = request.resolver_match
            self.log.info(
                "request",
                method=request.method,
                route=(match.view_name or match.route) if match else None,
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
            structlog.contextvars.reset_contextvars(**bound)
