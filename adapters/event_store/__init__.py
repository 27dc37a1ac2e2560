"""The history and the vault: what seals, what appends, what reads and what erases."""
