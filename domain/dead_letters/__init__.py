"""A genuine callback that could not be understood: kept sealed, visible, replayable."""
