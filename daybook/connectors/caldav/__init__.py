"""
Calendars by CalDAV (RFC 4791): Apple iCloud, Fastmail, Nextcloud, and any other server.

Who hears the password. It is sent by HTTP Basic authentication, over https only (http where private networks are
allowed), and to no host but these:

- one that asked for it (401 with Basic) at the address somebody typed, or where that host's `.well-known/caldav` led
  without having been told the password. A website that has no calendars never hears it.
- one which such a host names, once it knows the password, as the home of the account or its calendars: iCloud sends
  everybody on to a numbered host. With a provider we know (`settings.KNOWN`) only hosts of that provider's own domain.

The hosts found are written down in `Account` and never grow afterwards: an answer that leads elsewhere later is refused.
Each connection is made to an address that was checked (`guard`), whatever the name leads to a moment later.
"""
