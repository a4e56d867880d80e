"""When lawyers work, and when they are taken: a mirror, never the master."""
