"""A workspace: what its controller set, who is a member of it, and how it ends."""
