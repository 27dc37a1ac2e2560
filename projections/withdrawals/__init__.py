"""Withdrawn consents: after which of them there is still something to be done."""
