"""Signing up, signing in."""
