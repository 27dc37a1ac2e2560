"""A data subject: the natural person whose values are sealed, and their erasure."""
