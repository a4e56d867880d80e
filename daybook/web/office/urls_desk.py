"""Addresses of the office: the lawyer's desk."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from daybook.web.office import (
    appointment,
    booking,
    contact_edit,
    contact_history,
    contact_merge,
    contacts,
    dashboard,
    desks,
    overlaps,
    payments_fee,
    proposals,
    requests,
    sending,
    week,
    why,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/past/", dashboard.past, name="past"),
    path("dashboard/week/", week.week, name="week"),
    path("why/", why.why, name="why"),
    path("desk/", desks.switch_desk, name="switch_desk"),
    path("proposals/<int:proposal_id>/", proposals.proposal, name="proposal"),
    path("requests/<int:appointment_id>/", requests.request_to_answer, name="request"),
    path("lawyers/<int:lawyer_id>/read-again/", requests.read_again, name="read_again"),
    path("overlaps/<int:clash_id>/", overlaps.accept_overlap, name="accept_overlap"),
    path("questions/<int:question_id>/", dashboard.answer_question, name="answer_question"),
    path("appointments/book/", booking.book, name="book"),
    path("appointments/book/times/", booking.book_times, name="book_times"),
    path("appointments/book/clients/", booking.suggest_clients, name="suggest_clients"),
    path("appointments/<int:appointment_id>/", appointment.appointment, name="appointment"),
    path("appointments/<int:appointment_id>/change/", appointment.change_details, name="change_details"),
    path("appointments/<int:appointment_id>/reschedule/", appointment.reschedule, name="reschedule"),
    path("appointments/<int:appointment_id>/reschedule/times/", appointment.move_times, name="move_times"),
    path(
        "appointments/<int:appointment_id>/cancel/", appointment.cancel_appointment, name="cancel_appointment"
    ),
    path("appointments/<int:appointment_id>/fee/", payments_fee.waive, name="waive_fee"),
    path("appointments/<int:appointment_id>/outcome/", appointment.record_outcome, name="record_outcome"),
    path("appointments/<int:appointment_id>/state/", appointment.sync_state, name="sync_state"),
    path("appointments/<int:appointment_id>/retry/", appointment.retry_push, name="retry_push"),
    path("appointments/<int:appointment_id>/send/", sending.send_to_clio, name="send_to_clio"),
    path("appointments/<int:appointment_id>/send/matters/", sending.search_matters, name="search_matters"),
    path("appointments/<int:appointment_id>/send/preview/", sending.preview_time, name="preview_time"),
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/progress/", contacts.import_progress, name="import_progress"),
    path("contacts/new/", contact_edit.new_contact, name="new_contact"),
    path("contacts/<int:contact_id>/", contacts.contact, name="contact"),
    path("contacts/<int:contact_id>/edit/", contact_edit.edit_contact, name="edit_contact"),
    path("contacts/<int:contact_id>/remove/", contact_edit.remove_contact, name="remove_contact"),
    path("contacts/<int:contact_id>/history/", contact_history.contact_history, name="contact_history"),
    path(
        "contacts/<int:contact_id>/history/<int:change_id>/undo/",
        contact_history.undo_change,
        name="undo_change",
    ),
    path("contacts/<int:contact_id>/merge/", contact_merge.merge_choose, name="merge_choose"),
    path(
        "contacts/<int:contact_id>/merge/<int:other_id>/", contact_merge.merge_contacts, name="merge_contacts"
    ),
    path(
        "contacts/<int:contact_id>/merges/<int:merge_id>/undo/",
        contact_history.undo_merge,
        name="undo_merge",
    ),
]
