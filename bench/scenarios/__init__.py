"""The scenarios: each measures one thing and has its bar beside it."""
