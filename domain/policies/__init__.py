"""Policies: what follows in one aggregate from what another one says. Pure."""
