"""The settings, read from the environment and checked; `documented.py` is the list of them."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import environ

from daybook.config.documented import SETTINGS, BadSetting

_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Env:
    secret_key: str
    encryption_keys: tuple[str, ...]
    debug: bool
    public_url: str
    allowed_hosts: list[str]
    database: dict[str, Any]
    email: dict[str, Any]
    mail_from: str
    clio_client_id: str
    clio_client_secret: str
    clio_base_url: str
    google_client_id: str
    google_client_secret: str
    google_base_url: str
    microsoft_client_id: str
    microsoft_client_secret: str
    microsoft_base_url: str
    stripe_secret_key: str
    stripe_webhook_secret: str
    stripe_base_url: str
    booking_attempts: int
    private_networks: bool
    log_level: str
    log_format: str
    static_root: str
    collected: bool
    static_backend: str


def _public_url(value: str) -> str:
    if not value:
        return ""
    parts = urlsplit(value)
    fine = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not fine or not parts.hostname or parts.path.strip("/") or parts.query:
        raise BadSetting("PUBLIC_URL must be https://host, or http on loopback, without a path.")
    return value.rstrip("/")


def _number(name: str, value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = -1
    if number < 0:
        raise BadSetting(f"{name} must be a whole number, 0 or more.")
    return number


def fernet_key(text: str) -> str:
    """Turn any text of an operator into a Fernet key; a ready key stays what it is."""
    try:
        if len(base64.urlsafe_b64decode(text)) == 32:
            return text
    except ValueError:
        pass
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _database(url: str) -> dict[str, Any]:
    if not url:
        raise BadSetting("DATABASE_URL is missing. `bin/run` starts a PostgreSQL of its own and sets it.")
    config = dict(environ.Env.db_url_config(url))
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise BadSetting("DATABASE_URL must name a PostgreSQL database.")
    host = urlsplit(url).netloc.rpartition("@")[2].partition(":")[0]
    if host.upper().startswith(
        "%2F"
    ):  # a socket's folder; the parser lowers its letters and leaves it quoted
        config["HOST"] = unquote(host)
    config["CONN_MAX_AGE"] = 600
    config["CONN_HEALTH_CHECKS"] = True
    options = config.setdefault("OPTIONS", {})
    # A lock that is not had in 5 seconds is a bug or an accident: better an error than a frozen page.
    # What is asked often is planned once a connection (`firms/prepared.py`) and not five times before that: those plans
    # are the ones the server settles on by itself, and planning is most of what a booking costs it (18.4, 2026-11).
    options.setdefault(
        "options",
        "-c lock_timeout=5s -c statement_timeout=60s -c timezone=UTC -c plan_cache_mode=force_generic_plan",
    )
    return config


def read(environment: dict[str, str]) -> Env:
    """Read and check the settings.

    Raises BadSetting with a text for the operator.
    """
    given = {**_DEFAULTS, **{k: v for k, v in environment.items() if k in _DEFAULTS and v != ""}}
    secret = given["SECRET_KEY"]
    if len(secret) < 32:
        raise BadSetting("SECRET_KEY is missing or shorter than 32 characters.")
    public_url = _public_url(given["PUBLIC_URL"])
    hosts = [host.strip() for host in given["ALLOWED_HOSTS"].split(",") if host.strip()]
    if public_url:
        hosts.append(urlsplit(public_url).hostname or "")
    debug = given["DEBUG"] == "1"
    collected = bool(given["STATIC_ROOT"]) and not debug
    if given["LOG_FORMAT"] not in {"json", "text"}:
        raise BadSetting("LOG_FORMAT must be json or text.")
    if given["LOG_LEVEL"] not in {"debug", "info", "warning", "error"}:
        raise BadSetting("LOG_LEVEL must be debug, info, warning or error.")
    keys = tuple(fernet_key(key.strip()) for key in given["ENCRYPTION_KEYS"].split(",") if key.strip())
    return Env(
        secret_key=secret,
        encryption_keys=keys or (fernet_key(secret + " at rest"),),
        debug=debug,
        public_url=public_url,
        allowed_hosts=hosts or sorted(LOOPBACK),
        database=_database(given["DATABASE_URL"]),
        email=dict(environ.Env.email_url_config(given["EMAIL_URL"])),
        mail_from=given["MAIL_FROM"],
        clio_client_id=given["CLIO_CLIENT_ID"],
        clio_client_secret=given["CLIO_CLIENT_SECRET"],
        clio_base_url=given["CLIO_BASE_URL"].rstrip("/"),
        google_client_id=given["GOOGLE_CLIENT_ID"],
        google_client_secret=given["GOOGLE_CLIENT_SECRET"],
        google_base_url=given["GOOGLE_BASE_URL"].rstrip("/"),
        microsoft_client_id=given["MICROSOFT_CLIENT_ID"],
        microsoft_client_secret=given["MICROSOFT_CLIENT_SECRET"],
        microsoft_base_url=given["MICROSOFT_BASE_URL"].rstrip("/"),
        stripe_secret_key=given["STRIPE_SECRET_KEY"],
        stripe_webhook_secret=given["STRIPE_WEBHOOK_SECRET"],
        stripe_base_url=given["STRIPE_BASE_URL"].rstrip("/"),
        booking_attempts=_number("BOOKING_ATTEMPTS", given["BOOKING_ATTEMPTS"]),
        private_networks="1" in (given["PRIVATE_NETWORKS"], given["FEEDS_PRIVATE_NETWORKS"]),
        log_level=given["LOG_LEVEL"],
        log_format=given["LOG_FORMAT"],
        static_root=given["STATIC_ROOT"],
        collected=collected,
        static_backend=(
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if collected
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        ),
    )


ENV = read(dict(os.environ))
