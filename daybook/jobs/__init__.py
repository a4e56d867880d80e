"""Jobs wake: what runs later, what follows what, what repeats."""
