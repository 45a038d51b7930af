"""How to reach a person: one file per channel, all of one shape (`base.Channel`)."""
