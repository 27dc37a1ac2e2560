"""Who was given a subject's personal values."""
