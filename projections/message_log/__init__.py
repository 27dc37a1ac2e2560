"""The message log: one row per text message, without what it says."""
