"""Transcriptions: which are to be fetched, and those of a call."""
