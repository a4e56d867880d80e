"""Matters as Daybook knows them, and the billable time of appointments."""
