"""A client's own page: signing in by a contact on file, what is due and done, and the client's choices."""
