"""The commands behind `./lightq`, and what runs the service on one machine."""
