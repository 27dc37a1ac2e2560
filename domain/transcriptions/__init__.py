"""A transcription of a call: what a machine heard, segment by segment, and who corrected it."""
