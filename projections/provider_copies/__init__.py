"""The provider's copies: which are still to be deleted, and what became of a subject's."""
