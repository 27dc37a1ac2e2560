"""How Twilio is to deliver to us: what the fragment of a URL that we hand out asks of it.

By default Twilio tries again once, and only where it could not connect: what was answered with
503, or too late, is lost (twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
"""

from typing import Final

RETRIES: Final = "#rc=3&rp=all&ct=2000&rt=4000"
"""Three times more, after any failure, giving up on a connection after 2 s and on an answer after
4 s. Twilio sends the fragment to nobody and does not sign it."""
