"""Repeated asks: planning them, what is due, asking it once, and the list of what goes out and what went."""
