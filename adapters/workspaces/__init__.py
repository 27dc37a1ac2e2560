"""Workspaces: which cell holds one, who may ask in it, and whose callbacks are genuine."""
