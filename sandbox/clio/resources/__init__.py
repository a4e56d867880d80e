"""All resources by path: the only list of what the sandbox can answer."""

from __future__ import annotations

from sandbox.clio.resources.activities import Activities, ActivityDescriptions
from sandbox.clio.resources.calendar_entries import CalendarEntries
from sandbox.clio.resources.calendars import Calendars, EventTypes
from sandbox.clio.resources.contacts import Contacts
from sandbox.clio.resources.matters import Matters, MatterStages, PracticeAreas, Relationships
from sandbox.clio.resources.resource import Resource
from sandbox.clio.resources.small import (
    BankAccounts,
    CustomFields,
    Notes,
    PaymentLinks,
    Payments,
    Reminders,
    Tasks,
)
from sandbox.clio.resources.users import Users
from sandbox.clio.resources.webhooks import WebhookSubscriptions

RESOURCES: dict[str, Resource] = {
    kind.path: kind()
    for kind in (
        Users,
        Contacts,
        Matters,
        MatterStages,
        PracticeAreas,
        Relationships,
        Activities,
        ActivityDescriptions,
        Calendars,
        CalendarEntries,
        EventTypes,
        Reminders,
        Notes,
        Tasks,
        CustomFields,
        WebhookSubscriptions,
        BankAccounts,
        PaymentLinks,
        Payments,
    )
}
