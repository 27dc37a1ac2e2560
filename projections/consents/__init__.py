"""The consent register: one row per consent, as far as was said; no personal value."""
