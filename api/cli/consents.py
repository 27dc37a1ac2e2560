"""``ringledger consents``: where a subject's consents stand or stood, and telling of one."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import orjson
import typer

from api.cli.asking import Json, act, ask, body_of, when
from api.cli.output import AsJson, InWorkspace, read_secret, write_json, write_table
from api.cli.running import EXIT_CODES, ExitCode, run
from api.routes.consent_records import get_consent_receipt
from api.routes.consents import get_consent_history, list_consents, tell_consent
from api.routes.marketing import may_market as answer_may_market
from api.schemas_consents import ConsentStatement, Saying
from domain.consents.words import Channel, Form, Marketing, Purpose

app = typer.Typer(help="Consents of data subjects, with their evidence.", no_args_is_help=True)

Subject = Annotated[UUID, typer.Argument(metavar="SUBJECT", help="The subject's id.")]
ConsentId = Annotated[UUID, typer.Argument(metavar="CONSENT", help="The consent's id.")]


@app.command("list", epilog=EXIT_CODES)
def list_(
    subject: Subject,
    workspace: InWorkspace = None,
    valid_at: Annotated[datetime | None, when("As they stood then.")] = None,
    known_at: Annotated[datetime | None, when("As we knew it then.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List a subject's consents, now or as of any time."""
    found = run(
        ask(
            workspace,
            lambda request, session: list_consents(request, session, subject, valid_at, known_at),
            "subject",
        )
    )
    _show(found, found["data"], as_json=as_json)


@app.command(epilog=EXIT_CODES)
def tell(  # noqa: PLR0913 - a statement has that many facets
    subject: Subject,
    said: Annotated[Saying, typer.Argument(help="What was said.")],
    purpose: Annotated[Purpose, typer.Option(help="Of which purpose.")],
    channel: Annotated[Channel, typer.Option(help="Where it was said.")],
    workspace: InWorkspace = None,
    *,
    kind: Annotated[
        str | None, typer.Option(help="Which marketing, which cookies, or the integration.")
    ] = None,
    at: Annotated[datetime | None, when("When it was said; now, if not given.")] = None,
    form: Annotated[Form | None, typer.Option(help="Of what is given.")] = None,
    expires_at: Annotated[datetime | None, when("Until when what is given holds.")] = None,
    evidence: Annotated[
        str, typer.Option(help="More of the evidence: a JSON object in the API's words.")
    ] = "{}",
    words: Annotated[
        str | None, typer.Option(help="What the subject said of their own; '-' reads stdin.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say that a consent was asked for, given, refused or withdrawn.

    The same twice is as good as once, if it is said with the same --at.
    """
    statement = body_of(
        ConsentStatement,
        said=said,
        purpose=purpose,
        kind=kind,
        occurred_at=at or datetime.now(UTC),
        form=form,
        expires_at=expires_at,
        evidence={**_json(evidence), "channel": channel},
        words=read_secret(words) if words else None,
    )
    found = run(
        act(workspace, lambda _, caller: tell_consent(caller, subject, statement), "consent")
    )
    _show(found, [found], as_json=as_json)


@app.command(epilog=EXIT_CODES)
def history(
    subject: Subject, consent: ConsentId, workspace: InWorkspace = None, *, as_json: AsJson = False
) -> None:
    """Show everything that was said of a consent: when, and when we learnt it."""
    found = run(
        ask(
            workspace,
            lambda request, session: get_consent_history(request, session, subject, consent),
            "consent",
        )
    )
    if as_json:
        write_json(found)
    else:
        columns = ("name", "occurred_at", "recorded_at", "actor")
        write_table(columns, ([one[column] for column in columns] for one in found["data"]))


@app.command(epilog=EXIT_CODES)
def receipt(subject: Subject, consent: ConsentId, workspace: InWorkspace = None) -> None:
    """Print the receipt of a consent, for its subject: JSON by ISO/IEC TS 27560."""
    write_json(
        run(
            ask(
                workspace,
                lambda request, session: get_consent_receipt(request, session, subject, consent),
                "consent",
            )
        )
    )


@app.command("may-market", epilog=EXIT_CODES)
def may_market(
    number: Annotated[
        str, typer.Argument(help="A number, SIP address or client identity; '-' reads stdin.")
    ],
    kind: Annotated[Marketing, typer.Argument(help="Which marketing.")],
    workspace: InWorkspace = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask whether something may be marketed to a number. It ends with 1 if not."""
    whom = read_secret(number)
    found = run(
        ask(
            workspace,
            lambda request, session: answer_may_market(request, session, whom, kind),
            "number",
        )
    )
    if as_json:
        write_json(found)
    else:
        write_table(tuple(found), [tuple(found.values())])
    if not found["is_allowed"]:
        raise typer.Exit(ExitCode.wrong)


def _json(text: str) -> Json:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise typer.BadParameter("the evidence must be a JSON object")
    return found


def _show(document: Json, consents: Iterable[Json], *, as_json: bool) -> None:
    if as_json:
        write_json(document)
        return
    columns = ("purpose", "kind", "standing", "since", "expires_at", "id")
    write_table(columns, ([one[column] for column in columns] for one in consents))
