"""Hours and exceptions; connected calendars, who uses them how, and the mirror of their busy times."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import F, Func

from daybook.core.entries import TAKEN_BY_DEFAULT, Standing


def taken_by_default() -> list[str]:
    return sorted(TAKEN_BY_DEFAULT)


class WorkingHours(models.Model):
    """A stretch of a weekday, in the lawyer's own zone. Minutes count from midnight; 1440 is midnight again."""

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.CASCADE, related_name="+")
    # None: the lawyer's usual hours. A type that has rows of its own uses those instead.
    appointment_type = models.ForeignKey(
        "appointments.AppointmentType", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    weekday = models.PositiveSmallIntegerField()  # 0 is Monday
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="weekday_exists"),
            models.CheckConstraint(
                condition=models.Q(opens__lt=models.F("closes"), closes__lte=1440), name="hours_make_sense"
            ),
        ]
        ordering = ["weekday", "opens"]


class HoursException(models.Model):
    """One date with other hours than usual: closed when both minutes are empty."""

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.CASCADE, related_name="+")
    on = models.DateField()
    opens = models.PositiveSmallIntegerField(null=True, blank=True)
    closes = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opens=None, closes=None)
                | models.Q(opens__lt=models.F("closes"), closes__lte=1440),
                name="exception_makes_sense",
            )
        ]
        ordering = ["on", "opens"]


class HolidayCalendar(models.Model):
    """Whose public holidays close a lawyer's day: a country, perhaps a part of it."""

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    lawyer = models.OneToOneField("firms.Lawyer", on_delete=models.CASCADE, related_name="+")
    country = models.CharField(max_length=2)
    subdivision = models.CharField(max_length=10, blank=True)


class Calendar(models.Model):
    """
    One calendar of another system, and how our copy of its busy times stands.

    `firm` sees it through the connection `connection` (a row of sync); several lawyers may use one calendar.
    """

    class Permission(models.TextChoices):
        OWNER = "owner", "Owner"
        EDITOR = "editor", "Editor"
        VIEWER = "viewer", "Viewer"
        LIMITED = "limited_viewer", "Limited viewer"
        NONE = "none", "No access"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey("sync.Connection", on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=1024)
    name = models.CharField(max_length=255)
    kind = models.CharField(
        max_length=40, blank=True
    )  # the other system's word: UserCalendar, AccountCalendar
    owner_name = models.CharField(max_length=255, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    permission = models.CharField(max_length=20, choices=Permission.choices, default=Permission.NONE)
    present = models.BooleanField(default=True)  # False once the other system no longer lists it
    # The mirror holds what was busy in [read_from, read_until) as of read_at; trouble is why it could not be read since.
    read_at = models.DateTimeField(null=True, blank=True)
    read_from = models.DateTimeField(null=True, blank=True)
    read_until = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)
    trouble_since = models.DateTimeField(null=True, blank=True)
    trouble_final = models.BooleanField(default=False)  # waiting will not mend it: access was taken away
    # What to ask with for what has changed in that window since, days and floating times read as of `token_zone`. Empty,
    # or once `whole_at` has come, all of it is read again.
    token = models.TextField(blank=True, default="", db_default="")
    token_zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    whole_at = models.DateTimeField(null=True, blank=True)
    # How many readings have begun, and of those written lately which, about what: [number, start, end] (turns.py).
    readings = models.BigIntegerField(default=0, db_default=0)
    written = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="calendar_once_a_connection")
        ]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def writable(self) -> bool:
        return self.present and self.permission in {self.Permission.OWNER, self.Permission.EDITOR}


class CalendarUse(models.Model):
    """How one lawyer uses one calendar: whether it takes their time, and whether appointments are written there."""

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.CASCADE, related_name="+")
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="uses")
    blocks = models.BooleanField(default=True)
    is_primary = models.BooleanField(default=False)
    all_day_blocks = models.BooleanField(default=True)
    # What an entry may say of itself and take time all the same: values of core.entries.Standing.
    standings = ArrayField(models.CharField(max_length=15), default=taken_by_default)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lawyer", "calendar"], name="calendar_once_a_lawyer"),
            models.UniqueConstraint(
                fields=["lawyer"], condition=models.Q(is_primary=True), name="one_primary_calendar"
            ),
        ]


class BusyPeriod(models.Model):
    """One stretch in which a calendar says its owner is taken. No titles: they are not ours to keep."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=1024)
    during = DateTimeRangeField()
    all_day = models.BooleanField(default=False)
    standing = models.CharField(max_length=15, default=Standing.BUSY.value, db_default=Standing.BUSY.value)
    # Our own appointment seen again in the other system: it blocks through its appointment, not twice.
    appointment = models.ForeignKey(
        "appointments.Appointment", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["calendar", "external_id"], name="busy_by_entry"),
            models.Index(F("calendar"), Func(F("during"), function="upper"), name="busy_by_end"),
        ]
