"""The page behind a withdrawal link: what would be withdrawn, one button, and nothing else.

It holds no personal value, loads nothing and sets no cookie; the form posts to the page's own
address. Mail programs post there by themselves (RFC 8058).
"""

from collections.abc import Mapping
from html import escape
from string import Template
from typing import Final

from starlette.responses import HTMLResponse

from api.consent_records import WORDS
from domain.consents.events import ConsentEvent

_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "Referrer-Policy": "no-referrer",  # the address is the capability
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE: Final = Template("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<h1>$title</h1>
<p>$controller: $purpose</p>
$rest
</html>
""")
_BUTTON: Final = '<form method="post"><button type="submit">Withdraw my consent</button></form>'
_DONE: Final = "<p>It is withdrawn. You need not do anything else, and may close this page.</p>"


def ask(last: ConsentEvent, controller: str) -> HTMLResponse:
    """Ask whether to withdraw. Nothing is done yet: programs follow links to look at them."""
    return _page("Withdraw your consent?", last, controller, _BUTTON)


def confirm(last: ConsentEvent, controller: str) -> HTMLResponse:
    """Say that it is withdrawn."""
    return _page("Your consent is withdrawn", last, controller, _DONE)


def _page(title: str, last: ConsentEvent, controller: str, rest: str) -> HTMLResponse:
    purpose = WORDS[last.purpose].purpose
    kind = f" ({last.kind.replace('_', ' ')})" if last.kind else ""
    content = _PAGE.substitute(
        title=title, controller=escape(controller), purpose=escape(purpose + kind), rest=rest
    )
    return HTMLResponse(content, headers=_HEADERS)
