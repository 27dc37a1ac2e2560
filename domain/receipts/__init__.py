"""Receipts of erasures: what every store answered, and whether that makes the erasure whole."""
