"""Other people's computers: HTTP on one side, values on the other. No Django, no queue, no clock."""
