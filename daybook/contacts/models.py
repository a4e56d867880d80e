"""Clients, prospects, companies: one row each, how they are reached, what type-ahead searches, and what was changed."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models


class Source(models.TextChoices):
    """Who said so."""

    CLIO = "clio", "Clio"
    DESK = "desk", "Daybook"
    BOOKING = "booking", "A booking"
    MERGE = "merge", "A merge"
    UNDO = "undo", "Undo"


class Contact(models.Model):
    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        COMPANY = "company", "Company"

    # Led by the index by name, as the rows below are by theirs: no index of their own.
    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSON)
    first_name = models.CharField(max_length=255, blank=True)
    middle_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    prefix = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=255, blank=True)
    company_name = models.CharField(
        max_length=255, blank=True
    )  # a company's own name, or a person's employer
    is_client = models.BooleanField(default=False)
    # Where the row came from; empty for those older than the column.
    source = models.CharField(max_length=10, choices=Source.choices, blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["firm", "last_name", "first_name"], name="contact_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        if self.kind == self.Kind.COMPANY:
            return self.company_name
        return " ".join(part for part in (self.first_name, self.middle_name, self.last_name) if part)


class Reach(models.Model):
    """
    A member of one of a contact's sets. `normal` is the member's key on a card: once a contact. The default one comes
    first, the others in the order of `position`.
    """

    # The contact's own firm, here to be searched by. The contact's is the one that the database checks: checking this
    # as well takes a third of the time of an import.
    firm = models.ForeignKey(
        "firms.Firm", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    label = models.CharField(max_length=255, default="Work")
    normal = models.CharField(max_length=255)
    is_default = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        abstract = True
        ordering = ["-is_default", "position", "id"]


class ContactEmail(Reach):
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="emails", db_index=False)
    address = models.CharField(max_length=255)  # as it was written

    class Meta(Reach.Meta):
        constraints = [models.UniqueConstraint(fields=["contact", "normal"], name="email_once_a_contact")]
        indexes = [models.Index(fields=["firm", "normal"], name="email_lookup")]


class ContactPhone(Reach):
    """`normal` is E.164, or "raw:" and the folded text of what no country's rules read."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="phones", db_index=False)
    number = models.CharField(max_length=255)  # as it was written

    class Meta(Reach.Meta):
        constraints = [models.UniqueConstraint(fields=["contact", "normal"], name="phone_once_a_contact")]
        indexes = [models.Index(fields=["firm", "normal"], name="phone_lookup")]


class ContactAddress(Reach):
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    street = models.CharField(max_length=255, blank=True)
    city = models.CharField(max_length=255, blank=True)
    province = models.CharField(max_length=255, blank=True)
    postal_code = models.CharField(max_length=255, blank=True)
    country = models.CharField(max_length=255, blank=True)

    class Meta(Reach.Meta):
        constraints = [models.UniqueConstraint(fields=["contact", "normal"], name="address_once_a_contact")]
        indexes = [models.Index(fields=["firm"], name="address_of_firm")]


class SearchKey(models.Model):
    """
    One way somebody might begin to type a contact: each rotation of the name's words, each email, each
    phone number, folded. A prefix of any of them finds the contact through one index, at any size.
    """

    # Made from the contact's rows and only ever read together with them: nothing here needs the database's proof.
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    firm = models.ForeignKey(
        "firms.Firm", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    key = models.CharField(max_length=120)

    class Meta:
        indexes = [
            # text_pattern_ops: LIKE 'abc%' by index whatever the database's locale.
            models.Index("firm", OpClass("key", name="varchar_pattern_ops"), name="searchkey_prefix")
        ]


class ContactChange(models.Model):
    """
    One field of a contact, or one member of a set, said something else from then on.

    `field` and the values are those of `history.Difference`. That a contact was added is in its own row.
    """

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="changes")
    field = models.CharField(max_length=300)
    was = models.JSONField(null=True)
    now_value = models.JSONField(null=True)
    source = models.CharField(max_length=10, choices=Source.choices)
    actor = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]


class Merge(models.Model):
    """
    Two contacts became one. What it takes to part them again: the dropped one's card, what was moved from it (ids of
    appointments, matters and earlier merges), and the kept one's card before and after.
    """

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    kept = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    kept_before = models.JSONField()
    kept_after = models.JSONField()
    dropped = models.BigIntegerField()  # the id it had
    dropped_card = models.JSONField()
    dropped_is_client = models.BooleanField()
    moved = models.JSONField(default=dict)
    actor = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
