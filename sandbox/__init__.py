"""Small stand-ins for other people's services: real HTTP servers for the demo and for the tests."""
