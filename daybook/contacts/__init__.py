"""The firm's people, as Daybook knows them."""
