"""Connections, links, cursors; what Clio is owed; what needs a person. One module each."""

from daybook.sync.models.calendars import Login, Told
from daybook.sync.models.clashes import Clash
from daybook.sync.models.connections import Connection, Cursor, Feed
from daybook.sync.models.contacts import ContactSync, Cycle, Owed, Staged
from daybook.sync.models.hooks import Delivery, Heard, Hook
from daybook.sync.models.links import Apart, Leftover, Link
from daybook.sync.models.proposals import Proposal
from daybook.sync.models.pushes import Push
from daybook.sync.models.questions import Question

__all__ = [
    "Apart",
    "Clash",
    "Connection",
    "ContactSync",
    "Cursor",
    "Cycle",
    "Delivery",
    "Feed",
    "Heard",
    "Hook",
    "Leftover",
    "Link",
    "Login",
    "Owed",
    "Proposal",
    "Push",
    "Question",
    "Staged",
    "Told",
]
