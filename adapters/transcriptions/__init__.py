"""Transcriptions: from what the provider says to sealed segments, and back to texts."""
