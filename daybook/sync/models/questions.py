"""What only a person can settle."""

from __future__ import annotations

from django.db import models


class Question(models.Model):
    """Something only a person can settle, shown until it is."""

    class Kind(models.TextChoices):
        BILLED = "billed", "Changed here, but already on a bill"
        AMBIGUOUS_CONTACT = "ambiguous_contact", "More than one contact fits"
        REJECTED = "rejected", "Clio refused it"
        CONFLICT = "conflict", "Changed on both sides"
        MAYBE_SAME = "maybe_same", "Perhaps the same person"
        CHANGED_GONE = "changed_gone", "Changed on one side, gone on the other"
        MERGED_THERE = "merged_there", "Perhaps merged in Clio"
        TOO_MUCH = "too_much", "More than Clio can hold"
        ALARM = "alarm", "Contact sync has stopped"
        ACTIVITY_GONE = "activity_gone", "The activity was deleted in Clio"

    firm = models.ForeignKey("firms.Firm", on_delete=models.CASCADE, related_name="+")
    lawyer = models.ForeignKey("firms.Lawyer", on_delete=models.CASCADE, null=True, related_name="+")
    appointment = models.ForeignKey(
        "appointments.Appointment", on_delete=models.CASCADE, null=True, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    #: What a question without an appointment is about ("contact:12"); there is one open one of a kind.
    about = models.CharField(max_length=240, blank=True)
    text = models.CharField(max_length=500)
    details = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey("firms.User", on_delete=models.SET_NULL, null=True, related_name="+")
    answer = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "kind"],
                condition=models.Q(answered_at=None),
                name="one_open_question_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["firm", "kind", "about"],
                condition=models.Q(answered_at=None) & ~models.Q(about=""),
                name="one_open_question_about",
            ),
        ]
        indexes = [models.Index(fields=["firm"], name="open_questions", condition=models.Q(answered_at=None))]
