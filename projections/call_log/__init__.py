"""The call log: one row per call, with references into the vault and no personal value."""
