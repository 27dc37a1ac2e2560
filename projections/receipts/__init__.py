"""What becomes of a subject in every store: what an erasure would take, and what it has taken."""
