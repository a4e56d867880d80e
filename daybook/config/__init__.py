"""The front door: settings, addresses, the embedded database, the launcher."""
