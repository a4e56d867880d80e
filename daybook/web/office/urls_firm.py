"""Addresses of the office: the firm's rooms."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from daybook.web.office import (
    audit,
    calendars,
    connect,
    firm,
    hours,
    integrations,
    join,
    lawyers_match,
    profile,
    team,
    types,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("integrations/", integrations.integrations, name="integrations"),
    path("integrations/clio/connect/", connect.connect, name="clio_connect"),
    path("integrations/clio/callback/", connect.callback, name="clio_callback"),
    path("integrations/clio/disconnect/", integrations.disconnect, name="clio_disconnect"),
    path("integrations/clio/contacts/", integrations.reading, name="clio_reading"),
    path("integrations/clio/lawyers/<int:lawyer_id>/", lawyers_match.match, name="clio_match"),
    path("integrations/clio/calendars/", calendars.manage, name="manage_calendars"),
    path("integrations/clio/calendars/refresh/", calendars.refresh, name="manage_calendars_refresh"),
    path("types/", types.types, name="types"),
    path("types/new/", types.new, name="type_new"),
    path("types/<int:type_id>/", types.edit, name="type"),
    path("types/<int:type_id>/hours/", types.hours, name="type_hours"),
    path("types/<int:type_id>/retire/", types.retire, name="type_retire"),
    path("types/<int:type_id>/restore/", types.restore, name="type_restore"),
    path("hours/", hours.hours, name="hours"),
    path("hours/dates/", hours.add_date, name="hours_add_date"),
    path("hours/dates/<int:exception_id>/remove/", hours.remove_date, name="hours_remove_date"),
    path("hours/holidays/", hours.holidays, name="hours_holidays"),
    path("team/", team.team, name="team"),
    path("team/invite/", team.invite, name="team_invite"),
    path("team/invitations/<int:invitation_id>/withdraw/", team.withdraw, name="team_withdraw"),
    path("team/invitations/<int:invitation_id>/resend/", team.resend, name="team_resend"),
    path("team/members/<int:member_id>/", team.member, name="team_member"),
    path("team/members/<int:member_id>/sees-clients/", team.sees_clients, name="team_sees_clients"),
    path("join/<str:token>/", join.join, name="join"),
    path("profile/", profile.profile, name="profile"),
    path("firm/", firm.firm, name="firm"),
    path("audit/", audit.audit, name="audit"),
]
