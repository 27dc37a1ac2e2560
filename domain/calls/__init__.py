"""A call, its legs, the steps of its routing, and how it ended."""
