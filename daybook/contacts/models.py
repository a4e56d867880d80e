"""Clients, prospects, companies: one row each, their emails and phones, and what type-ahead searches."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models


class Contact(models.Model):
    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        COMPANY = "company", "Company"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
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


class ContactEmail(models.Model):
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="emails")
    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=60, default="Work")
    address = models.CharField(max_length=255)  # as it was written
    normal = models.CharField(max_length=255)  # as core.people.normalise_email has it
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "normal"], name="email_once_a_contact")]
        indexes = [models.Index(fields=["firm", "normal"], name="email_lookup")]
        ordering = ["-is_default", "id"]


class ContactPhone(models.Model):
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="phones")
    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=60, default="Work")
    number = models.CharField(max_length=255)  # as it was written
    normal = models.CharField(max_length=255, blank=True)  # E.164, or "" when no country's rules read it
    is_default = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["firm", "normal"], name="phone_lookup")]
        ordering = ["-is_default", "id"]


class SearchKey(models.Model):
    """
    One way somebody might begin to type a contact: each rotation of the name's words, each email, each
    phone number, folded. A prefix of any of them finds the contact through one index, at any size.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=120)

    class Meta:
        indexes = [
            # text_pattern_ops: LIKE 'abc%' by index whatever the database's locale.
            models.Index("firm", OpClass("key", name="varchar_pattern_ops"), name="searchkey_prefix")
        ]
