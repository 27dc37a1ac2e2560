"""A workspace's settings: what they are, what they were, and who changed them and why."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from adapters.event_store.values import Reference, references
from api.asking import IfMatch, ask, said
from api.contract import WITH_BODY, WITH_KEY, answers
from api.etag import answer, expected_version
from api.parameters import MomentParameter, PastParameter
from api.parties import open_all, party
from api.routes.history import entry_detail
from api.schemas_history import EntryDetail, History
from api.schemas_settings import (
    ChangedSetting,
    DialTarget,
    Difference,
    SettingsChange,
    SettingsDetail,
)
from api.security import Session, SettingsReader, SettingsWriter
from domain.messages import Entry
from domain.personal_data import Sealed
from domain.workspaces.commands import ChangeSettings
from domain.workspaces.state import Workspace
from domain.workspaces.words import (
    AiPolicy,
    MfaPolicy,
    ProviderDeletion,
    RecordingPolicy,
    Residence,
    RetentionPeriod,
    Routing,
    TranscriptionPolicy,
)
from projections.workspaces.read import differences, entries_of, told, workspace_at

ROUTER: Final = APIRouter(prefix="/v1/workspaces/{workspace_id}", tags=["settings"])
_KINDS: Final[dict[str, type[Any]]] = {
    "recording": RecordingPolicy,
    "transcription": TranscriptionPolicy,
    "ai": AiPolicy,
    "routing": Routing,
    "region": Residence,
    "mfa": MfaPolicy,
    "provider_deletion": ProviderDeletion,
}
"""What each part of the question becomes."""

KnownAt = Annotated[
    PastParameter | None, Query(description="As we knew it at this time, which has passed.")
]


@ROUTER.get(
    "/settings",
    operation_id="getSettings",
    summary="Read the settings, as they were at any time",
    responses=answers(SettingsDetail, "The settings.", *WITH_KEY),
)
async def get_settings(
    request: Request,
    session: SettingsReader,
    known_at: KnownAt = None,
    as_of: Annotated[
        MomentParameter | None, Query(description="As they were set by this time.")
    ] = None,
) -> Response:
    """Every setting. What was never set is `null`, and then nothing is recorded, sent or kept.

    The numbers of dial targets need the scope `values:open` too.
    """
    entries = await entries_of(session.connection, session.workspace_id)
    workspace = workspace_at(entries, known_at=known_at, as_of=as_of)
    body = SettingsDetail(
        **{**told(workspace), "dial_targets": await _dial_targets(session, workspace)},
        version=workspace.version,
        known_at=known_at,
        as_of=as_of,
    )
    return answer(request, session.key, body, version=workspace.version)


@ROUTER.patch(
    "/settings",
    operation_id="changeSettings",
    summary="Change settings",
    responses=answers(
        SettingsDetail,
        "The settings after it.",
        *("version-needed", "changed-meanwhile", "refused"),
        *WITH_KEY,
        *WITH_BODY,
        tagged=False,
    ),
)
async def change_settings(
    request: Request, caller: SettingsWriter, asked: SettingsChange, if_match: IfMatch = None
) -> Response:
    """Set what is given and leave the rest, all of it or nothing. Needs `settings:write`.

    `If-Match` is the `ETag` of the settings that you have read: where somebody changed something
    since, nothing is done.
    """
    seen = expected_version(if_match, is_needed=True)
    parts = {name: getattr(asked, name) for name in _KINDS}
    wanted = {name: part.said(_KINDS[name]) for name, part in parts.items() if part is not None}
    periods = tuple(one.said(RetentionPeriod) for one in asked.retention or ())
    command = ChangeSettings(
        **said(caller, asked, seen), **wanted, profile=asked.profile, retention=periods or None
    )
    await ask(caller, command)
    async with caller.session() as session:
        return await get_settings(request, session)


@ROUTER.get(
    "/settings/history",
    operation_id="getSettingsHistory",
    summary="Read every entry of the workspace",
    responses=answers(History, "The entries, in order.", *WITH_KEY),
)
async def get_settings_history(request: Request, session: SettingsReader) -> Response:
    """Every change of settings, members and closure: what, when, by whom and why.

    Notes and addresses need the scope `values:open` too.
    """
    entries = await entries_of(session.connection, session.workspace_id)
    return answer(request, session.key, History(data=await _details(session, entries)))


@ROUTER.get(
    "/settings/diff",
    operation_id="compareSettings",
    summary="Compare the settings of two times",
    responses=answers(Difference, "What changed, and what changed it.", *WITH_KEY),
)
async def compare_settings(
    request: Request,
    session: SettingsReader,
    after: Annotated[PastParameter, Query(alias="from", description="The earlier time.")],
    until: Annotated[PastParameter, Query(alias="to", description="The later time.")],
) -> Response:
    """What was known of the settings at the one time and at the other, where it differs."""
    entries = await entries_of(session.connection, session.workspace_id)
    before = workspace_at(entries, known_at=after)
    changes = differences(before, workspace_at(entries, known_at=until))
    between = [entry for entry in entries if after < entry.recorded_at <= until]
    body = Difference(
        changes=[ChangedSetting(**change._asdict()) for change in changes],
        entries=await _details(session, between),
    )
    return answer(request, session.key, body)


async def _details(session: Session, entries: list[Entry]) -> list[EntryDetail]:
    readings = await open_all(session, (one for entry in entries for one in references(entry)))
    return [entry_detail(entry, readings) for entry in entries]


async def _dial_targets(session: Session, workspace: Workspace) -> list[DialTarget]:
    places = {
        name: Reference(session.workspace_id, target.version, "number", target.value)
        for name, target in sorted(workspace.dial_targets.items())
        if isinstance(target.value, Sealed)
    }
    readings = await open_all(session, places.values())
    found = {name: party(place, readings) for name, place in places.items()}
    return [DialTarget(name=name, number=number) for name, number in found.items() if number]
