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
    "role_changed": "What a member may do was changed.",
    "profile_saved": "A lawyer's public profile was changed.",
    "acted_for": "Somebody worked at a lawyer's desk on their behalf.",
    # Connections
    "clio_connected": "The firm allowed access to its Clio account.",
    "clio_declined": "Access to Clio was declined, and nothing was stored.",
    "clio_disconnected": "The firm ended the connection; tokens were erased.",
    "clio_broken": "Clio no longer accepts our access; somebody has to connect again.",
    "lawyer_matched": "A lawyer was matched with a user in Clio, or no longer is.",
    # Calendars and hours
    "calendar_account_connected": "A lawyer's own calendar account was connected, or connected again.",
    "calendar_account_declined": "Access to a lawyer's own calendars was declined, and nothing was stored.",
    "calendar_account_broken": "A lawyer's own calendar account no longer accepts our access.",
    "calendar_account_removed": "A lawyer's own calendar account was disconnected; what opened it was erased.",
    "calendars_read": "The list of calendars was read from Clio.",
    "calendars_chosen": "Which calendars block a lawyer's time was changed.",
    "feed_added": "A calendar feed was added for a lawyer, and blocks their time.",
    "feed_removed": "A lawyer's calendar feed was removed; its address was erased.",
    "calendar_unreadable": "A calendar that blocks time can no longer be read; its lawyer is not bookable.",
    "hours_saved": "A lawyer's weekly hours were changed.",
    "exception_saved": "A date with other hours was added or changed.",
    "exception_removed": "A date with other hours was removed.",
    "appointment_type_saved": "An appointment type was added or changed.",
    "appointment_type_retired": "An appointment type is no longer offered.",
    # Appointments
    "appointment_held": "A time was kept for somebody, unconfirmed.",
    "hold_released": "A time kept was given back before it ran out.",
    "appointment_confirmed": "An appointment was made.",
    "appointment_rescheduled": "An appointment was moved to another time.",
    "appointment_changed": "Details of an appointment other than its time were changed.",
    "appointment_cancelled": "An appointment was called off.",
    "outcome_recorded": "What became of an appointment was noted.",
    # Time and matters
    "matter_linked": "An appointment was linked to a matter.",
    "time_sent": "An appointment's time was sent to Clio.",
    # Contacts and sync
    "contact_saved": "A contact was added or changed.",
    "contact_unlinked": "Clio no longer has a contact; the link to it was dropped.",
    "contact_removed": "A contact was removed from Daybook; Clio keeps its own.",
    "contacts_merged": "Two contacts became one.",
    "merge_undone": "Two contacts that had become one were parted again.",
    "contacts_read": "Clio's contacts were read, and wait for somebody's go-ahead.",
    "contact_import_approved": "Somebody looked at what the first import will do, and said go.",
    "contact_sync_set": "Filters and rules of contact sync were changed.",
    "contact_sync_asked_for": "Somebody asked for a cycle of contact sync at once.",
    "contact_sync_stopped": "Contact sync was stopped, by somebody or by an alarming plan.",
    "contact_sync_resumed": "Contact sync goes on.",
    "contact_decided": "Somebody settled how contacts on both sides go together.",
    "contact_search_asked_for": "Somebody asked to search Clio for deleted contacts at once.",
    "contacts_imported": "The contacts in Clio were read for the first time.",
    "contacts_synced": "A cycle of two-way contact sync ended.",
    "appointment_pushed": "Clio shows the appointment as it is now.",
    "push_retried": "Somebody asked to try again at once.",
    "push_failed": "Clio could not be made to show the appointment.",
    "question_asked": "Something only a person can settle was put to the office.",
    "question_answered": "A person settled it.",
    # Messages
    "message_sent": "A message left Daybook.",
    "message_failed": "A message could not be delivered.",
}
