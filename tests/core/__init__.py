"""The core's rules, without Django."""
