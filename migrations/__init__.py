"""Forward-only SQL: `directory/` runs once per database, `cell/` once per cell's schema.

A package only so that the files travel in the wheel and are found by `importlib.resources`.
"""
