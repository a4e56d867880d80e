"""Tenants, lawyers and staff, permissions, the audit trail (which is also the outbox)."""
