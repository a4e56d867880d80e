"""Daybook: appointment booking for law firms, joined to Clio Manage."""
