"""The names of what can happen: past tense, one line each. What follows from them is listed with the jobs."""

from __future__ import annotations

#: Every event and what it means. The subject is the id of the row that the sentence is about.
EVENTS: dict[str, str] = {
    # The firm and its people
    "firm_signed_up": "A firm opened its account.",
    "firm_saved": "The firm's own details were changed.",
    "subscription_set": "The firm's subscription began, changed or ended.",
    "lawyer_added": "A lawyer was added to the firm.",
    "member_invited": "Somebody was asked to join the firm.",
    "invitation_withdrawn": "An invitation was taken back.",
    "member_joined": "An invitation was accepted.",
    "member_left": "Somebody no longer belongs to the firm.",
    "role_changed": "What a member may do was changed.",
    "profile_saved": "A lawyer's public profile was changed.",
    "acted_for": "Somebody worked at a lawyer's desk on their behalf.",
    # Connections
    "clio_connected": "The firm allowed access to its Clio account.",
    "clio_declined": "Access to Clio was declined, and nothing was stored.",
    "clio_disconnected": "The firm ended the connection; tokens were erased.",
    "clio_broken": "Clio no longer accepts our access; somebody has to connect again.",
    "clio_restored": "A broken connection works again.",
    "lawyer_matched": "A lawyer was matched with a user in Clio, or no longer is.",
    # Calendars and hours
    "calendars_read": "The list of calendars was read from Clio.",
    "calendars_chosen": "Which calendars block a lawyer's time was changed.",
    "primary_calendar_set": "The calendar that receives a lawyer's appointments was chosen.",
    "calendar_unreadable": "A calendar that blocks time can no longer be read; its lawyer is not bookable.",
    "calendar_readable": "A calendar that could not be read can be read again.",
    "calendar_entry_moved": "Our entry was moved in the other calendar; a proposal waits.",
    "calendar_entry_deleted": "Our entry was deleted in the other calendar; a proposal waits.",
    "hours_saved": "A lawyer's weekly hours were changed.",
    "exception_saved": "A date with other hours was added or changed.",
    "exception_removed": "A date with other hours was removed.",
    "appointment_type_saved": "An appointment type was added or changed.",
    "appointment_type_retired": "An appointment type is no longer offered.",
    # Appointments
    "appointment_held": "A time was kept for somebody, unconfirmed.",
    "hold_released": "A time kept was given back before it ran out.",
    "hold_expired": "A time kept ran out.",
    "appointment_confirmed": "An appointment was made.",
    "appointment_rescheduled": "An appointment was moved to another time.",
    "appointment_changed": "Details of an appointment other than its time were changed.",
    "appointment_cancelled": "An appointment was called off.",
    "outcome_recorded": "What became of an appointment was noted.",
    # Time and matters
    "matter_linked": "An appointment was linked to a matter.",
    "matter_created": "A matter was made for an appointment.",
    "time_sent": "An appointment's time was sent to Clio.",
    "time_changed": "The time entry of an appointment was edited.",
    "time_withdrawn": "An appointment's time entry was taken back.",
    "time_left_on_bill": "A change did not reach a time entry because it is on a bill.",
    # Contacts and sync
    "contact_saved": "A contact was added or changed.",
    "contacts_merged": "Two contacts became one.",
    "contacts_imported": "The contacts in Clio were read for the first time.",
    "contacts_synced": "A cycle of two-way contact sync ended.",
    "sync_stopped": "A sync looked alarming and waits for somebody.",
    "appointment_pushed": "Clio shows the appointment as it is now.",
    "push_failed": "Clio could not be made to show the appointment.",
    "question_asked": "Something only a person can settle was put to the office.",
    "question_answered": "A person settled it.",
    # Money
    "fee_held": "A fee was reserved on a card.",
    "fee_charged": "A fee was taken.",
    "fee_released": "A reserved fee was given up.",
    "fee_refunded": "A fee was paid back.",
    "fee_failed": "A fee could not be taken.",
    # Messages
    "message_sent": "A message left Daybook.",
    "message_failed": "A message could not be delivered.",
    "sms_consent_given": "Somebody agreed to text messages.",
    "sms_consent_withdrawn": "Somebody asked for no more text messages.",
}
