"""A recording of a call: what the provider says of it, where its audio lies, and who heard it."""
