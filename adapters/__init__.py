"""Everything that can fail: the database, the provider, the keys, the environment."""
