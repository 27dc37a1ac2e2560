"""Holds the history against the provider's books: what is missing of a call is found there."""
