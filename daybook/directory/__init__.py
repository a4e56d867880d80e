"""Public profiles, and who can be seen soonest."""
