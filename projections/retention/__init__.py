"""What a workspace keeps in buckets: what would go by another period, and what is gone."""
