"""Two-way: our tables on one side, connectors on the other."""
