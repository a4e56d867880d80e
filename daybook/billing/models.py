"""Matters as Daybook knows them, what an appointment is to become on a bill, and the money of its fee."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from daybook.core.payments import State
from daybook.core.payments_place import Handling
from daybook.core.payments_plan import Policy


def _choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, word.value.replace("_", " ").capitalize()) for word in words]


def _all_back() -> list[list[int]]:
    return [[0, 100]]


class Matter(models.Model):
    """A case of a client. Clio is its master; the row here is what was last seen, or what is to be created there."""

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey("contacts.Contact", on_delete=models.PROTECT, null=True, related_name="+")
    display_number = models.CharField(max_length=255, blank=True)  # empty until Clio has given one
    description = models.CharField(max_length=255)
    status = models.CharField(max_length=20, blank=True)  # open, pending, closed: Clio's words
    practice_area = models.CharField(max_length=40, blank=True)  # Clio's id
    reference = models.CharField(max_length=60, unique=True)  # our mark on it: Clio's client_reference
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return " · ".join(part for part in (self.display_number, self.description) if part)


class TimeEntry(models.Model):
    """The one billable Activity an appointment is to have. `wanted` says whether Clio should hold it now."""

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    appointment = models.OneToOneField(
        "appointments.Appointment", on_delete=models.PROTECT, related_name="time_entry"
    )
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="+")
    wanted = models.BooleanField(default=True)
    on = models.DateField()  # the date in the lawyer's zone
    seconds = models.PositiveIntegerField()  # what was scheduled, or what was worked once somebody says so
    seconds_edited = models.BooleanField(default=False)  # then a move does not overwrite it
    note = models.TextField(max_length=4000, blank=True)
    rate_cents = models.PositiveIntegerField(null=True, blank=True)  # None: Clio's own rate rules
    category = models.CharField(max_length=40, blank=True)  # Clio's activity description id
    non_billable = models.BooleanField(default=False)
    sent_by = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")
    # What Clio last told us of it.
    bill_state = models.CharField(max_length=40, blank=True)
    bill_number = models.CharField(max_length=60, blank=True)
    billed_seconds = models.PositiveIntegerField(null=True, blank=True)  # after Clio's rounding
    billed_cents = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)


class FeeTerms(models.Model):
    """How a firm takes fees. A firm without a row takes none."""

    firm = models.OneToOneField("firms.Firm", on_delete=models.CASCADE, related_name="+")
    policy = models.CharField(max_length=12, choices=_choices(Policy), default=Policy.HOLD_LATER.value)
    tiers = models.JSONField(default=_all_back)  # [[hours before, percent back], ...]
    no_show_percent = models.PositiveSmallIntegerField(default=100)  # what goes back after a no-show
    place = models.CharField(max_length=10, blank=True)  # ISO 3166-2; empty: the strictest reading
    handling = models.CharField(max_length=10, choices=_choices(Handling), default=Handling.TRUST.value)
    handling_confirmed_at = models.DateTimeField(null=True, blank=True)
    handling_confirmed_by = models.ForeignKey(
        "firms.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(no_show_percent__lte=100), name="no_show_is_a_percentage")
        ]


class TypeTerms(models.Model):
    """An appointment type whose fee is taken in another way than the firm's others."""

    appointment_type = models.OneToOneField(
        "appointments.AppointmentType", on_delete=models.CASCADE, related_name="+"
    )
    policy = models.CharField(max_length=12, choices=_choices(Policy))


class PaymentAccount(models.Model):
    """A firm's account at Stripe. Its bank account is the client trust account or the firm's own: one each."""

    class Purpose(models.TextChoices):
        OPERATING = "operating", "The firm's own account"
        TRUST = "trust", "Client trust account"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    stripe_id = models.CharField(max_length=80, blank=True)  # empty until Stripe has given one
    name = models.CharField(max_length=200, blank=True)
    charges = models.BooleanField(default=False)  # payments can be taken
    payouts = models.BooleanField(default=False)
    wanted = models.JSONField(default=list, blank=True)  # what Stripe still wants to know
    active = models.BooleanField(default=True)  # an account that was disconnected stays, for its history
    connected_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["firm", "purpose"], condition=Q(active=True), name="one_account_a_purpose"
            ),
            models.UniqueConstraint(
                fields=["stripe_id"], condition=~Q(stripe_id=""), name="stripe_account_once"
            ),
        ]


class Charge(models.Model):
    """
    The fee of one appointment, the terms it was booked under, and where its money stands.

    What may be taken, when and why is decided by `core.payments_plan`; `look_at` is when somebody has to look next.
    """

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    appointment = models.ForeignKey("appointments.Appointment", on_delete=models.PROTECT, related_name="+")
    open = models.BooleanField(default=True)
    fee_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    waived_cents = models.PositiveIntegerField(default=0)
    waived_why = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=16, choices=_choices(State), default=State.DUE.value)
    # The terms the client agreed to: later changes of the firm's do not reach them.
    policy = models.CharField(max_length=12, choices=_choices(Policy))
    tiers = models.JSONField()
    no_show_percent = models.PositiveSmallIntegerField()
    place = models.CharField(max_length=10, blank=True)
    handling = models.CharField(max_length=10, choices=_choices(Handling))
    # A card on file: Stripe's ids, and what its owner knows it by.
    card_account = models.ForeignKey(PaymentAccount, on_delete=models.PROTECT, null=True, related_name="+")
    card_customer = models.CharField(max_length=80, blank=True)
    card_method = models.CharField(max_length=80, blank=True)
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    off = models.BooleanField(default=False)  # nothing is wanted any more
    gone = models.BooleanField(default=False)  # the time cannot be had any more
    details = models.JSONField(
        default=dict, blank=True
    )  # what the client typed, until it is an appointment's
    look_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)  # why it does not go on, for the firm
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(open=True), name="one_open_charge_an_appointment"
            ),
            models.CheckConstraint(condition=Q(fee_cents__gt=0), name="a_charge_is_about_money"),
            models.CheckConstraint(condition=Q(waived_cents__lte=F("fee_cents")), name="waived_of_the_fee"),
        ]
        indexes = [models.Index(fields=["look_at"], name="charges_to_look_at", condition=~Q(look_at=None))]


class Payment(models.Model):
    """One attempt to take a charge's money, as last seen at Stripe; `core.payments.Attempt` says what the amounts mean."""

    class Kind(models.TextChoices):
        PAGE_PAY = "page_pay", "Paid on a page"
        PAGE_HOLD = "page_hold", "Reserved on a page"
        PAGE_CARD = "page_card", "Card left on a page"
        CARD_HOLD = "card_hold", "Reserved on the saved card"
        CARD_PAY = "card_pay", "Taken from the saved card"

    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="payments")
    account = models.ForeignKey(PaymentAccount, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reference = models.CharField(
        max_length=40, unique=True
    )  # our mark on it at Stripe, and its idempotency key
    cents = models.PositiveIntegerField()
    into = models.CharField(max_length=10)  # trust or operating
    why = models.CharField(max_length=300)
    page = models.CharField(max_length=120, blank=True)  # Stripe's id of the page
    page_url = models.TextField(blank=True)
    page_until = models.DateTimeField(null=True, blank=True)
    intent = models.CharField(max_length=80, blank=True)
    done = models.BooleanField(default=False)  # it will come to nothing (more), and needs no reading
    progress = models.PositiveSmallIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    captured = models.PositiveIntegerField(default=0)
    refunded = models.PositiveIntegerField(default=0)
    bounced = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    won = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    declines = models.PositiveSmallIntegerField(default=0)
    refused = models.CharField(max_length=60, blank=True)
    capture_before = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["intent"], condition=~Q(intent=""), name="intent_once"),
            models.CheckConstraint(
                condition=Q(captured__gte=F("refunded") - F("bounced") + F("opened") - F("won")),
                name="no_more_goes_back_than_came",
            ),
            models.CheckConstraint(condition=Q(refunded__gte=F("bounced")), name="bounced_was_refunded"),
            models.CheckConstraint(condition=Q(opened__gte=F("won") + F("lost")), name="decided_was_opened"),
        ]
        ordering = ["pk"]


class LedgerEntry(models.Model):
    """
    One entry in the books of a charge: a column an account, and their sum is zero, says the database. A trigger refuses
    every change of what was written (migration 0002).
    """

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="entries")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    card = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    trust = models.BigIntegerField(default=0)
    operating = models.BigIntegerField(default=0)
    disputed = models.BigIntegerField(default=0)
    client = models.BigIntegerField(default=0)
    earned = models.BigIntegerField(default=0)
    why = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    card=-F("held") - F("trust") - F("operating") - F("disputed") - F("client") - F("earned")
                ),
                name="an_entry_adds_up_to_zero",
            )
        ]
        indexes = [models.Index(fields=["firm", "at"], name="ledger_by_firm")]
        ordering = ["pk"]


class StripeEvent(models.Model):
    """What Stripe told us, once each. It says where to look; what is true is read."""

    event_id = models.CharField(max_length=80, unique=True)
    type = models.CharField(max_length=80)
    account = models.CharField(max_length=80, blank=True)
    object = models.CharField(max_length=120)
    received_at = models.DateTimeField()
