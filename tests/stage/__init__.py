"""What tests stand on: the sandbox, mail, a browser."""
