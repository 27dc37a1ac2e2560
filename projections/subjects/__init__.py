"""Data subjects as the vault and the history know them: by id, never by name."""
