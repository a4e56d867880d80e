"""A firm that takes fees, a small Stripe beside it, and a client with a card: shorthand for flows about money."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import httpx2
import time_machine
from django.conf import settings
from django.utils import timezone

from daybook.appointments import operations, paying
from daybook.appointments.models import Appointment
from daybook.billing import attempts, charges, inbox, terms
from daybook.billing.attempts import Ways
from daybook.billing.models import Charge, LedgerEntry, Payment, PaymentAccount
from daybook.billing.terms import Terms
from daybook.core.ledger import Account
from daybook.core.payments_plan import Policy
from daybook.core.payments_refunds import ALL_BACK, Tier
from daybook.jobs import schedule
from daybook.jobs.drain import drain
from sandbox.stripe import Sandbox
from tests.cast import DANA, at, hart_and_vale, next_weekday

FEE = 15_000
WORKS, DECLINES, LATER_NO, LATER_ASKS = (
    "4242424242424242",
    "4000000000000002",
    "4000000000000341",
    "4000002760003184",
)
WAYS = Ways("http://127.0.0.1/done", "http://127.0.0.1/back", email=DANA.email)


class Till:
    """One firm with both accounts ready; the clock is moved by hand, for Daybook and Stripe alike."""

    def __init__(self, stripe: Sandbox, clock: time_machine.Coordinates, now: datetime) -> None:
        self.stripe, self.clock = stripe, clock
        self.cast = hart_and_vale(now)
        self.day = next_weekday(now, weekday=2, weeks=3)
        self.cast.consultation.fee_cents = FEE
        self.cast.consultation.save()
        for purpose in ("operating", "trust"):
            PaymentAccount.objects.create(
                firm=self.cast.firm,
                purpose=purpose,
                stripe_id=stripe.control.add_account(purpose),
                charges=True,
                connected_at=now,
            )

    @property
    def now(self) -> datetime:
        return timezone.now()

    def at(self, moment: datetime) -> None:
        self.clock.move_to(moment)
        self.stripe.control.advance(0)  # its listeners look at the clock

    def agree(self, policy: Policy, tiers: tuple[Tier, ...] = ALL_BACK, **more: Any) -> None:
        terms.save_terms(
            firm=self.cast.firm, terms=Terms(policy, tiers, **more), by=self.cast.alice_user, now=self.now
        )

    # --- booking ---

    def hold(self, hour: int = 10, key: str = "dana") -> Appointment:
        start = at(self.cast.alice, self.day, hour)
        return operations.hold(
            appointment_type=self.cast.consultation, start=start, hold_key=key, now=self.now
        )

    def book(self, hour: int = 10, key: str = "dana") -> Charge:
        """As far as the page of payment: the time is kept, the fee is due."""
        charge = paying.ask_while_booking(appointment=self.hold(hour, key), details=DANA, now=self.now)
        assert charge is not None
        return charge

    def booked(self, hour: int = 10, number: str = WORKS) -> Charge:
        """Booked, whatever the policy wants of the client done, and confirmed."""
        charge = self.book(hour)
        self.pay(charge, number)
        self.told()
        assert self.appointment(charge).state == Appointment.State.CONFIRMED
        return charge

    def page(self, charge: Charge) -> str:
        return attempts.page_for(charge_id=charge.pk, ways=WAYS, now=self.now)

    def pay(self, charge: Charge, number: str = WORKS, url: str = "") -> int:
        """Type a card into the page; gives the status of what comes back."""
        return httpx2.post(url or self.page(charge), data={"number": number}).status_code

    # --- what happens to it ---

    def run_out(self, charge: Charge) -> None:
        """The time that is kept runs out, while its page of payment still lives."""
        soon = self.now + timedelta(minutes=1)
        Appointment.objects.filter(pk=charge.appointment_id).update(held_until=soon)
        self.at(soon + timedelta(minutes=1))
        self.work()

    def cancel(self, charge: Charge, by_client: bool = True) -> None:
        appointment = self.appointment(charge)
        operations.cancel(
            appointment=appointment,
            by="client" if by_client else "firm",
            actor=None if by_client else self.cast.alice_actor,
            now=self.now,
        )
        self.work()

    def outcome(self, charge: Charge, outcome: str) -> None:
        operations.record_outcome(
            actor=self.cast.alice_actor, appointment=self.appointment(charge), outcome=outcome, now=self.now
        )
        self.work()

    def work(self) -> list[str]:
        """The minute tick, and every job that is due."""
        schedule.minute.func(0)
        return [ran.task for ran in drain()]

    def told(self) -> None:
        """Everything Stripe has to tell is told, as the page of webhooks would, in the order in which it was sent."""
        for event in self.stripe.control.records("events"):
            self.tell(event)
        self.work()

    def tell(self, event: dict[str, Any]) -> bool:
        body = json.dumps({name: value for name, value in event.items() if not name.startswith("_")}).encode()
        signature = self.stripe.world.webhooks.signature(body, settings.STRIPE_WEBHOOK_SECRET)
        return inbox.hear(body, signature, now=self.now)

    # --- what is there ---

    def appointment(self, charge: Charge) -> Appointment:
        charge.refresh_from_db()
        return Appointment.objects.select_related(
            "appointment_type__lawyer", "appointment_type__firm", "lawyer", "firm"
        ).get(pk=charge.appointment_id)

    def state(self, charge: Charge) -> str:
        charge.refresh_from_db()
        return charge.state

    def balances(self, charge: Charge) -> dict[Account, int]:
        return charges.balances(charge)

    def at_stripe(self) -> tuple[int, int]:
        """What Stripe has taken from the client, and given back."""
        taken = sum(one["amount_captured"] for one in self.stripe.control.records("charges"))
        back = sum(one["amount_refunded"] for one in self.stripe.control.records("charges"))
        return taken, back

    def agrees(self) -> None:
        """Daybook's books say what Stripe's do, and add up."""
        taken, back = self.at_stripe()
        assert sum(one.captured for one in Payment.objects.all()) == taken
        assert sum(one.refunded - one.bounced for one in Payment.objects.all()) == back
        for entry in LedgerEntry.objects.all():
            assert sum(getattr(entry, account.value) for account in Account) == 0
