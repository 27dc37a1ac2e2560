"""What the provider holds of one call or message, and how it is made to go: a saga."""
