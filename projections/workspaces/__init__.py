"""A workspace's settings, members and closure, folded from its stream when they are asked for."""
