"""Every key and everything sealed: no other package knows cryptography."""
