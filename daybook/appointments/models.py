"""
Appointment types and appointments. Two live appointments of one lawyer cannot overlap, nor can two of anybody else who
takes part in them: the database refuses.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

#: The states that take the lawyer's time. Written once more in the trigger that keeps the seats.
LIVE = ["held", "requested", "confirmed"]

#: A range of one number stands in for `=`, so that no extension is needed.
_SAME_PERSON_SAME_TIME = [
    (Func(F("lawyer"), F("lawyer"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
    ("during", RangeOperators.OVERLAPS),
]


class AppointmentType(models.Model):
    class Place(models.TextChoices):
        IN_PERSON = "in_person", "In person"
        PHONE = "phone", "Phone"
        VIDEO = "video", "Video"

    class WhoMayBook(models.TextChoices):
        ANYONE = "anyone", "Anyone with the link"
        CLIENTS = "clients", "Existing clients only"
        FIRM = "firm", "Only the firm"

    class Kind(models.TextChoices):
        ONE = "one", "One lawyer"
        ROUND_ROBIN = "round_robin", "Any of several lawyers, in turn (round robin)"
        COLLECTIVE = "collective", "Several lawyers, all of them together"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    # Whose type it is: on whose page it stands, and who may change it. Who is met says `kind`.
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.CASCADE, related_name="appointment_types")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.ONE)
    needs_second = models.BooleanField(
        default=False
    )  # somebody beside the lawyer: an interpreter, a paralegal
    fair_days = models.PositiveSmallIntegerField(default=30)  # a round robin counts so many days back
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60)
    description = models.TextField(max_length=1000, blank=True)
    minutes = models.PositiveSmallIntegerField(default=30)
    fee_cents = models.PositiveIntegerField(default=0)
    places = ArrayField(models.CharField(max_length=10, choices=Place.choices), default=list)
    before_minutes = models.PositiveSmallIntegerField(default=0)
    after_minutes = models.PositiveSmallIntegerField(default=0)
    notice_minutes = models.PositiveIntegerField(default=240)
    horizon_days = models.PositiveSmallIntegerField(default=60)
    step_minutes = models.PositiveSmallIntegerField(default=30)
    cap_per_day = models.PositiveSmallIntegerField(null=True, blank=True)
    cap_per_week = models.PositiveSmallIntegerField(null=True, blank=True)
    # What the client is asked: [{"label": str, "kind": "line"|"text"|"yes_no", "required": bool}]
    questions = models.JSONField(default=list, blank=True)
    who_may_book = models.CharField(max_length=10, choices=WhoMayBook.choices, default=WhoMayBook.ANYONE)
    by_request = models.BooleanField(default=False, db_default=False)  # clients request; the firm confirms
    change_cutoff_minutes = models.PositiveIntegerField(
        default=1440
    )  # the client may move or cancel until then
    reminder_minutes = ArrayField(models.PositiveIntegerField(), default=list, blank=True)
    # Linked Clio Calendar: receives this type's appointments instead of the primary calendar, and also blocks.
    linked_calendar = models.ForeignKey(
        "calendars.Calendar", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    activity_category = models.CharField(max_length=40, blank=True)  # Clio's activity description id
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    owner_id: int  # `lawyer_id` as it is stored, where `fetched` has put an appointment's lawyer in its place

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lawyer", "slug"], name="type_slug_once_a_lawyer"),
            models.CheckConstraint(condition=Q(minutes__gte=5, minutes__lte=720), name="type_length"),
            models.CheckConstraint(condition=Q(step_minutes__gte=5, step_minutes__lte=720), name="type_step"),
        ]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def has_team(self) -> bool:
        """Whether anybody but its own lawyer may be needed: then, and only then, its `TeamMember` rows count."""
        return self.kind != self.Kind.ONE or self.needs_second


class TeamMember(models.Model):
    """Who may be met in a type of several people: as a lawyer of it, or as the second person beside them."""

    class Role(models.TextChoices):
        LEAD = "lead", "Lawyer"
        SECOND = "second", "Second person"

    appointment_type = models.ForeignKey(AppointmentType, on_delete=models.CASCADE, related_name="team")
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=6, choices=Role.choices)
    weight = models.PositiveSmallIntegerField(default=1)  # how many they get for others' one
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment_type", "lawyer"], name="member_once_a_type"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=20), name="weight_makes_sense"),
        ]


class Appointment(models.Model):
    class State(models.TextChoices):
        HELD = "held", "Held"
        REQUESTED = "requested", "Requested"
        CONFIRMED = "confirmed", "Confirmed"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Hold ran out"
        DECLINED = "declined", "Declined"
        LAPSED = "lapsed", "Not answered in time"

    class Because(models.TextChoices):
        UNREAD = "unread", "A calendar could not be read"
        TYPE = "type", "Its type is by request"
        CONFLICT = "conflict", "A possible conflict of interest"

    class Outcome(models.TextChoices):
        NONE = "", "Not recorded"
        ATTENDED = "attended", "Attended"
        NO_SHOW = "no_show", "No-show"
        LATE_CANCEL = "late_cancel", "Late cancellation"

    class Party(models.TextChoices):
        CLIENT = "client", "Client"
        FIRM = "firm", "Firm"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.PROTECT, related_name="+", db_index=False)
    # Who takes part beside the lawyer: ids of lawyers. The database keeps a Seat for each of them and for the lawyer.
    others = ArrayField(models.BigIntegerField(), default=list, blank=True)
    appointment_type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT, related_name="+")
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # One stable UID everywhere, and a count that grows with each change (RFC 5545 UID and SEQUENCE).
    uid = models.UUIDField(unique=True)
    sequence = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True, default=Outcome.NONE)
    during = DateTimeRangeField()  # half open; without buffers
    before_minutes = models.PositiveSmallIntegerField(default=0)
    after_minutes = models.PositiveSmallIntegerField(default=0)
    held_until = models.DateTimeField(null=True, blank=True)
    hold_key = models.CharField(max_length=40, blank=True)  # which visitor holds it
    place = models.CharField(max_length=10, choices=AppointmentType.Place.choices, blank=True)
    place_detail = models.CharField(max_length=300, blank=True)  # an address, a number, a link
    # What the client typed; the contact is who that turned out to be.
    client_name = models.CharField(max_length=255, blank=True)
    client_email = models.CharField(max_length=254, blank=True)
    client_phone = models.CharField(max_length=40, blank=True)
    client_time_zone = models.CharField(max_length=64, blank=True)
    answers = models.JSONField(default=list, blank=True)  # [{"label", "answer"}]; never leaves Daybook
    note = models.TextField(max_length=2000, blank=True)  # the firm's own
    fee_cents = models.PositiveIntegerField(default=0)
    booked_by = models.CharField(max_length=10, choices=Party.choices, default=Party.CLIENT)
    booked_by_user = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")
    # Only requested: why, what was known of that, and until when it waits. What stays of it once it is answered.
    requested_because = models.CharField(
        max_length=10, choices=Because.choices, blank=True, default="", db_default=""
    )
    request_detail = models.CharField(max_length=300, blank=True, default="", db_default="")
    requested_at = models.DateTimeField(null=True, blank=True)
    answer_by = models.DateTimeField(null=True, blank=True)
    answer_line = models.CharField(
        max_length=300, blank=True, default="", db_default=""
    )  # the firm's, to the client
    cancelled_by = models.CharField(max_length=10, choices=Party.choices, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="lawyer_is_never_double_booked",
                expressions=_SAME_PERSON_SAME_TIME,
                condition=Q(state__in=LIVE),
            ),
            models.CheckConstraint(condition=Q(during__isempty=False), name="appointment_takes_time"),
        ]
        indexes = [
            models.Index(
                F("lawyer"),
                Func(F("during"), function="upper"),
                name="live_by_lawyer_end",
                condition=Q(state__in=LIVE),
            ),
            models.Index("firm", Func(F("during"), function="lower"), name="appointment_by_firm_start"),
            models.Index(fields=["held_until"], name="holds_to_expire", condition=Q(state="held")),
            models.Index(fields=["answer_by"], name="requests_to_lapse", condition=Q(state="requested")),
        ]

    @property
    def start(self) -> datetime:
        return self.during.lower

    @property
    def end(self) -> datetime:
        return self.during.upper

    @property
    def only_requested(self) -> bool:
        """Whether it was asked for and never confirmed: waiting, withdrawn, declined or unanswered."""
        return self.requested_at is not None and self.confirmed_at is None


class Seat(models.Model):
    """
    One person's part in one appointment, and the proof that nobody is in two at once, as a lead or beside one.

    Kept by a trigger on `Appointment` (migrations 0002 and 0005), in the same statement that writes the appointment: whoever writes
    one, by whatever way, cannot forget it. Read it; never write it.
    """

    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, related_name="seats", db_index=False
    )
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.PROTECT, related_name="+", db_index=False)
    lead = models.BooleanField()  # the appointment's own lawyer
    during = DateTimeRangeField()
    live = models.BooleanField()  # held, requested or confirmed

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="nobody_is_double_booked",
                expressions=_SAME_PERSON_SAME_TIME,
                condition=Q(live=True),
            ),
            models.UniqueConstraint(fields=["appointment", "lawyer"], name="one_seat_each"),
        ]
        indexes = [
            models.Index(
                F("lawyer"),
                Func(F("during"), function="upper"),
                name="seats_beside_the_lead",
                condition=Q(lead=False),
            )
        ]
