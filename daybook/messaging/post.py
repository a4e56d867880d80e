"""Hands one mail to the mail server, and says what became of it."""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass
from email import encoders
from email.mime.base import MIMEBase
from email.utils import formataddr, parseaddr
from enum import StrEnum

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from daybook.messaging.words import Words

#: How long one step of the conversation with the mail server may take. All of them fit into a lease (operations.LEASE).
STEP_SECONDS = 30


class Fate(StrEnum):
    """What became of a mail that was handed over."""

    ACCEPTED = "accepted"
    LATER = "later"  # certainly not accepted; may be later
    REFUSED = "refused"  # certainly not accepted, and will not be
    UNKNOWN = "unknown"  # the line broke in the middle of the conversation


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fate and, unless accepted, why, in one line for the firm."""

    fate: Fate
    why: str = ""


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """A calendar file to attach, and its METHOD."""

    name: str
    method: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one address. `message_id` is the same however often the same mail is handed over."""

    to: str
    words: Words
    message_id: str
    sender: str = ""
    reply_to: str = ""
    calendar: CalendarPart | None = None


def message_id(key: str) -> str:
    """A Message-ID for something of ours that is sent once: the same key, the same id."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    domain = address.rpartition("@")[2] or "localhost"
    return f"<{key}@{domain}>"


def post(letter: Letter) -> Outcome:
    """
    Hand a mail to the server of the settings. Not inside a transaction: this may take minutes.

    Whether it was accepted is known but for one gap: a line that breaks during the conversation may have broken after
    the server took the mail (RFC 5321, 4.5.3.2.6, knows no cure). That is UNKNOWN, and the caller decides.
    """
    try:
        mail = _mail(letter)
        mail.message()
    except ValueError:  # headers or addresses that cannot be written
        return Outcome(Fate.REFUSED, "This is not an address that mail can be sent to.")
    connection = get_connection(timeout=STEP_SECONDS)
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError:
        return Outcome(Fate.LATER, "The mail server did not accept Daybook's password.")
    except OSError:
        return Outcome(Fate.LATER, "The mail server could not be reached.")
    try:
        connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as refused:
        code, said = next(iter(refused.recipients.values()))
        return _answered(code, said, final=code >= 500)
    except smtplib.SMTPSenderRefused as refused:  # about us, not about the recipient: an operator can mend it
        return _answered(refused.smtp_code, refused.smtp_error, final=False)
    except smtplib.SMTPResponseException as refused:
        return _answered(refused.smtp_code, refused.smtp_error, final=refused.smtp_code >= 500)
    except ValueError:
        return Outcome(Fate.REFUSED, "This is not an address that mail can be sent to.")
    except OSError:
        return Outcome(Fate.UNKNOWN, "The mail server broke off; the mail may have arrived all the same.")
    finally:
        _hang_up(connection)
    return Outcome(Fate.ACCEPTED)


def _hang_up(connection: object) -> None:
    try:
        connection.close()  # type: ignore[attr-defined]
    except OSError:
        return  # what became of the mail is known; how the line ended does not matter


def _answered(code: int, said: bytes | str, *, final: bool) -> Outcome:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    text = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()
    fate = Fate.REFUSED if final else Fate.LATER
    return Outcome(fate, f"The mail server answered: {code} {text}"[:300])


def _mail(letter: Letter) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=letter.words.subject,
        body=letter.words.text,
        from_email=_from(letter.sender),
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={
            "Message-ID": letter.message_id,
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday replies
        },
    )
    mail.attach_alternative(letter.words.html, "text/html")
    if letter.calendar:
        mail.attach(_calendar_part(letter.calendar))
    return mail


def _from(name: str) -> str:
    """Our address under the firm's name: people know the firm, not Daybook."""
    own_name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    shown = re.sub(r"\s+", " ", name).strip() or own_name
    return formataddr((shown, address))


def _calendar_part(calendar: CalendarPart) -> MIMEBase:
    part = MIMEBase("text", "calendar", charset="utf-8", method=calendar.method, name=calendar.name)
    part.set_payload(calendar.content)
    encoders.encode_base64(part)  # keeps the line endings that RFC 5545 asks for
    part.add_header("Content-Disposition", "attachment", filename=calendar.name)
    return part
