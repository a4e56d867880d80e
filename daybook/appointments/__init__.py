"""Appointment types, holds, appointments: the heart."""
