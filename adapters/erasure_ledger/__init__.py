"""The erasure ledger: a file outside the database that says what was destroyed, written first.

A database that is restored from a backup has everybody in it who was erased since. The file has
not: it is kept apart from the backups, and no cell is served before the two agree.
"""
