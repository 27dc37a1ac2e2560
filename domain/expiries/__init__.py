"""What went at the end of its period: a stream of each workspace, with counts and rules alone."""
