"""What an Exchange account is once it has been found, and what is fixed for ever: names, limits, sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

NAME: Final = "The Exchange server"
NOT_INSTALLED: Final = "This Daybook has no support for Exchange Server installed."
TURNED_DOWN: Final = (
    "The Exchange server turned down this user name and password. Many servers want the user name with the firm's "
    "domain in front, as in FIRM\\dana, or the mail address."
)
NO_EXCHANGE: Final = (
    "There is no Exchange server (EWS) at this address. Ask whoever runs it for the address of Exchange Web Services; it "
    "usually ends in /EWS/Exchange.asmx. For Microsoft 365, connect to Microsoft instead."
)
NO_WAY_IN: Final = (
    "This Exchange server wants to be signed in to in a way that Daybook does not know. For Microsoft 365, connect to "
    "Microsoft instead."
)

#: Somebody waits while an appointment is confirmed; nobody does at the five-minute job.
LIVE_SECONDS, BACKGROUND_SECONDS = 8.0, 60.0
#: Where Exchange keeps its web services unless somebody moved them.
PATH: Final = "/EWS/Exchange.asmx"
#: Under which an appointment's UID is kept in its entry. The set of names is Daybook's own, made once and for ever, and
#: the same one as in Microsoft 365, so that ours are known again after a move there.
PROPERTY_SET: Final = "6c1c2c39-5a0f-4d8e-9f5f-3f2f5d8d7b11"
PROPERTY: Final = "daybook"

Auth = Literal["basic", "ntlm"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as discovery found it, to be kept and handed in each time: the whole address, and how it is signed in to."""

    url: str
    auth: Auth = "basic"
