"""Cells: where each one lies, and the one that makes, places and moves them.

A process asks the directory for a cell's place whenever it connects, so that it follows a cell
that moves; see ``whereabouts``. DDL is the provisioner's alone.
"""
