"""A subject's consent to one purpose (GDPR Art. 4(11), 7): asked, given, refused, withdrawn."""
