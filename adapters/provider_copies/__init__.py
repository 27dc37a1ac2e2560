"""Deletes what the provider holds: asks for it, goes on with it, writes down what came of it."""
