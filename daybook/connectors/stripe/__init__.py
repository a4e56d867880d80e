"""
Stripe: pages on which a client pays or leaves a card, reservations, captures, refunds, and what Stripe tells us.

Card data never comes near Daybook: cards are typed on Stripe's own pages, and what is kept here are ids.
"""
