"""Recordings' audio: fetched from the provider, sealed while it streams, and played again."""
