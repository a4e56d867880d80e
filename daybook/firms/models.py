"""Firms and the people who work in them; the audit trail."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower


class Firm(models.Model):
    class Subscription(models.TextChoices):
        TRIAL = "trial", "Trial"
        ACTIVE = "active", "Active"
        ENDED = "ended", "Ended"

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    time_zone = models.CharField(max_length=64, default="America/Denver")
    country = models.CharField(max_length=2, default="US")  # reads phone numbers written without a country
    currency = models.CharField(max_length=3, default="USD")
    phone = models.CharField(max_length=40, blank=True)
    accent = models.CharField(max_length=7, blank=True)
    privacy_url = models.URLField(max_length=300, blank=True, db_default="")  # the firm's own privacy notice
    fee_note = models.CharField(max_length=200, blank=True, db_default="")  # how a fee is paid, for clients
    subscription = models.CharField(max_length=10, choices=Subscription.choices, default=Subscription.TRIAL)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: object) -> User:
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who signs in. What they may do is on their Member row."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email


class Member(models.Model):
    """A user's place in the one firm they belong to."""

    class Role(models.TextChoices):
        ADMINISTRATOR = "administrator", "Administrator"
        LAWYER = "lawyer", "Lawyer"
        STAFF = "staff", "Staff"

    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="members")
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="member")
    role = models.CharField(max_length=15, choices=Role.choices)
    active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Lawyer(models.Model):
    """Somebody clients can book. An administrator may be one too; a lawyer may exist before they sign in."""

    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="lawyers")
    member = models.OneToOneField(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="lawyer"
    )
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60)
    email = models.EmailField(max_length=254)
    phone = models.CharField(max_length=40, blank=True)
    time_zone = models.CharField(max_length=64)
    title = models.CharField(max_length=100, blank=True)  # "Partner"
    about = models.TextField(max_length=2000, blank=True)
    practice_areas = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    office_address = models.CharField(max_length=300, blank=True)
    video_link = models.URLField(max_length=300, blank=True)
    public = models.BooleanField(default=True)
    active = models.BooleanField(default=True)
    # While a calendar of theirs cannot be read: times can be requested, rather than none shown.
    requests_when_unread = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["firm", "slug"], name="lawyer_slug_once_a_firm"),
            models.UniqueConstraint("firm", Lower("email"), name="lawyer_email_once_a_firm"),
        ]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """An open door for one email address; the link is signed and ends."""

    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=15, choices=Member.Role.choices)
    lawyer = models.ForeignKey(Lawyer, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "firm",
                Lower("email"),
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation",
            )
        ]


class Event(models.Model):
    """What happened: the audit trail, and what jobs are routed from. Never changed, never deleted."""

    firm = models.ForeignKey(Firm, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)  # one of core.events
    subject = models.BigIntegerField(null=True)  # id of what it happened to; the name says which table
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    behalf_of = models.ForeignKey(Lawyer, on_delete=models.SET_NULL, null=True, related_name="+")
    details = models.JSONField(default=dict)  # no free text of clients
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["firm", "-at"], name="event_by_firm"),
            models.Index(fields=["firm", "name", "subject"], name="event_by_subject"),
        ]
