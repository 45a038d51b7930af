"""Public screening: a member's page for people who are not clients. Nothing of a visitor is kept before
they send it."""
