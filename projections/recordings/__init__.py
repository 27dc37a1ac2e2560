"""Recordings: what is to be done for each, and those of a call."""
