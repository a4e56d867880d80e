"""Who may do what: one table of role and action, and the one place that answers."""

from __future__ import annotations

from dataclasses import dataclass

from daybook.firms.models import Firm, Lawyer, Member, User

ADMINISTRATOR, LAWYER, STAFF = Member.Role.ADMINISTRATOR, Member.Role.LAWYER, Member.Role.STAFF

#: "own" means: for the lawyer one is. Every action has a verdict for every role.
VERDICTS: dict[str, dict[str, str]] = {
    "see_appointments": {ADMINISTRATOR: "any", LAWYER: "own", STAFF: "any"},
    "manage_appointments": {ADMINISTRATOR: "any", LAWYER: "own", STAFF: "any"},
    "send_time": {ADMINISTRATOR: "any", LAWYER: "own", STAFF: "any"},
    "see_contacts": {ADMINISTRATOR: "any", LAWYER: "any", STAFF: "any"},
    "edit_types": {ADMINISTRATOR: "any", LAWYER: "own", STAFF: "any"},
    "edit_hours": {ADMINISTRATOR: "any", LAWYER: "own", STAFF: "any"},
    "choose_calendars": {ADMINISTRATOR: "any", LAWYER: "own", STAFF: "no"},
    "switch_page": {ADMINISTRATOR: "any", LAWYER: "own", STAFF: "any"},
    "edit_profile": {ADMINISTRATOR: "any", LAWYER: "own", STAFF: "no"},
    "see_integrations": {ADMINISTRATOR: "any", LAWYER: "any", STAFF: "any"},
    "connect_firm": {ADMINISTRATOR: "any", LAWYER: "no", STAFF: "no"},
    "manage_team": {ADMINISTRATOR: "any", LAWYER: "no", STAFF: "no"},
    "edit_firm": {ADMINISTRATOR: "any", LAWYER: "no", STAFF: "no"},
    "see_audit": {ADMINISTRATOR: "any", LAWYER: "no", STAFF: "no"},
}

#: What a firm's subscription allows.
SUBSCRIPTION: dict[str, dict[str, bool]] = {
    Firm.Subscription.TRIAL: {"integrations": True, "public_booking": True, "new_appointments": True},
    Firm.Subscription.ACTIVE: {"integrations": True, "public_booking": True, "new_appointments": True},
    # What exists stays visible, and can still be moved and cancelled: clients must not suffer.
    Firm.Subscription.ENDED: {"integrations": False, "public_booking": False, "new_appointments": False},
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody signed in, and the lawyer whose desk they are at (themselves, or on behalf of)."""

    user: User
    member: Member
    firm: Firm
    own: Lawyer | None
    acting_for: Lawyer | None

    @property
    def lawyer(self) -> Lawyer | None:
        return self.acting_for or self.own

    @property
    def on_behalf(self) -> Lawyer | None:
        """The lawyer to name in the audit trail when it is not the actor."""
        return self.acting_for if self.acting_for and self.acting_for != self.own else None


def may(actor: Actor, action: str, lawyer: Lawyer | None = None) -> bool:
    """Raises KeyError for an action without a row: an unlisted action is a bug, not a no."""
    verdict = VERDICTS[action][actor.member.role]
    if verdict == "own":
        return lawyer is not None and actor.own is not None and lawyer.pk == actor.own.pk
    return verdict == "any"


def firm_may(firm: Firm, what: str) -> bool:
    return SUBSCRIPTION[firm.subscription][what]
