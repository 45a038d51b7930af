"""Schedules and appointments as arithmetic: wall times, repeat rules, slots, lists, calendar feeds. Pure."""
