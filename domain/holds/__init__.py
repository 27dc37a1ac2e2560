"""A legal hold: what may not be destroyed while it stands, why, and when it is reviewed."""
