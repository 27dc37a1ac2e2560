"""What only Twilio knows: its signatures, its spellings of a party, its forms and its statuses.

Nothing outside this package reads a Twilio parameter by name or imports the provider's library.
"""
