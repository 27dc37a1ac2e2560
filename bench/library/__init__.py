"""The other side: the same work on the unmodified library, as its documents teach it."""
