"""The OpenAPI document is what the API does: every operation, answer and problem."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from holding import in_a_month
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from serving import House, over_http, serving
from twilio_forms import call_callbacks, call_sid
from waiting import LONGEST_SECONDS

from adapters.postgres.embedded import Urls
from api.contract import AUDIO
from api.dashboards import create_dashboards
from api.problems import MEDIA_TYPE
from api.schemas_consents import STATEMENT
from api.schemas_holds import REQUEST

DOCUMENT = create_dashboards().openapi()
OPERATIONS = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
IDS = [operation["operationId"] for _, _, operation in OPERATIONS]


def test_it_is_openapi_3_1() -> None:
    """Programs are generated from it: its version and its operations' names are stable."""
    assert DOCUMENT["openapi"].startswith("3.1")
    assert sorted(IDS) == [
        "acceptInvitation",
        "changeMemberRole",
        "changeSettings",
        "closeWorkspace",
        "compareSettings",
        "correctSegment",
        "disableIntegration",
        "enableIntegration",
        "eraseSubject",
        "explainRetention",
        "findSubjects",
        "getCall",
        "getCallHistory",
        "getClosure",
        "getConsent",
        "getConsentHistory",
        "getConsentReceipt",
        "getConsentRecord",
        "getErasureReceipt",
        "getHealth",
        "getHold",
        "getMessage",
        "getMessageHistory",
        "getObjection",
        "getProblemType",
        "getReadiness",
        "getReceiptKeys",
        "getRetentionHistory",
        "getSettings",
        "getSettingsHistory",
        "getSubject",
        "getTranscription",
        "getTranscriptionHistory",
        "inviteMember",
        "issueErasureReceipt",
        "liftRestriction",
        "listAccessEntries",
        "listCalls",
        "listConsents",
        "listDeadLetters",
        "listHolds",
        "listMembers",
        "listMessages",
        "listRecordings",
        "listTranscriptions",
        "mayMarket",
        "objectToRecording",
        "placeHold",
        "playRecording",
        "previewErasure",
        "releaseHold",
        "removeDialTarget",
        "removeMember",
        "reopenWorkspace",
        "replayDeadLetter",
        "restrictSubject",
        "reviewHold",
        "setDialTarget",
        "simulateRetention",
        "tellConsent",
        "transferCall",
        "withdrawInvitation",
    ]


@pytest.mark.parametrize(("_path", "_method", "operation"), OPERATIONS, ids=IDS)
def test_every_answer_is_documented(_path: str, _method: str, operation: dict[str, Any]) -> None:
    """A success has a schema; every problem is one of the registered, with an example."""
    for status, answer in operation["responses"].items():
        assert answer["description"]
        if status in {"200", "202", "206"}:
            kinds = answer["content"]
            is_audio = kinds.keys() == set(AUDIO)
            assert is_audio or "$ref" in kinds["application/json"]["schema"]
        elif status != "304":
            examples = answer["content"][MEDIA_TYPE]["examples"]
            assert {one["value"]["status"] for one in examples.values()} == {int(status)}
    assert "422" not in operation["responses"]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=IDS)
def test_every_operation_of_a_workspace_needs_a_key(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    """And says what a caller without one is told."""
    private = path.startswith("/v1/")
    assert ("security" in operation) == private
    assert {"401", "403", "404"} <= operation["responses"].keys() or not private
    assert ("304" in operation["responses"]) == (private and method == "get")


def test_every_answer_has_an_example() -> None:
    """Whoever reads the document sees what an answer looks like."""
    schemas = DOCUMENT["components"]["schemas"]
    for _, _, operation in OPERATIONS:
        if "security" in operation and "206" not in operation["responses"]:
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert schemas[answer["$ref"].rpartition("/")[2]]["examples"]


@dataclass(frozen=True, slots=True)
class Served:
    """A server with one call, one subject and one dead letter, and who may ask it."""

    base_url: str
    api_key: str
    ids: dict[str, str]


@pytest.fixture
def served(database: Urls, tmp_path: Path) -> Iterator[Served]:
    """A real server in a thread of its own: the generated requests come from this one."""
    ready: Future[tuple[Served, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        async with serving(database, tmp_path) as house, over_http(house) as http:
            await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
            await house.post([("CallStatus", "levitating")])
            stop = asyncio.Event()
            ready.set_result((await _served(http), asyncio.get_running_loop(), stop))
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    found, loop, stop = ready.result(LONGEST_SECONDS)
    yield found
    loop.call_soon_threadsafe(stop.set)
    thread.join()


async def _served(house: House) -> Served:
    (call,) = (await house.get("/calls")).json()["data"]
    (letter,) = (await house.get("/dead-letters")).json()["data"]
    subject_id = call["callee"]["subject_id"]
    consents = f"{house.here}/subjects/{subject_id}/consents"
    consent = (await house.ask("POST", consents, json=STATEMENT)).json()
    wanted = {**REQUEST, "subjects": [], "calls": [call["id"]], "review_on": in_a_month()}
    hold = (await house.ask("POST", f"{house.here}/holds", json=wanted)).json()
    ids = {
        "workspace_id": str(house.workspace_id),
        "call_id": call["id"],
        "subject_id": subject_id,
        "consent_id": consent["id"],
        "letter_id": letter["id"],
        "hold_id": hold["id"],
        "name": "internal",
    }
    return Served(str(house.client.base_url), house.api_key, ids)


@pytest.mark.parametrize(("path", "method", "_operation"), OPERATIONS, ids=IDS)
def test_no_generated_request_gets_an_undocumented_answer(
    served: Served, path: str, method: str, _operation: dict[str, Any]
) -> None:
    """Whatever the document allows, and what it does not: no 500, and an answer it describes."""
    operation = schemathesis.openapi.from_dict(DOCUMENT)[path][method.upper()]
    valid = operation.as_strategy()
    invalid = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    # Most requests name what is there: nothing but 404 is learnt of others.
    known = st.integers(0, 4).map(bool)

    @settings(
        max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=valid | invalid, is_known=known)
    def ask(case: schemathesis.Case[Any], *, is_known: bool) -> None:
        if is_known:
            given_ids = case.path_parameters or {}
            case.path_parameters = {
                name: served.ids.get(name, value) for name, value in given_ids.items()
            }
        case.call_and_validate(
            base_url=served.base_url,
            headers={"Authorization": f"Bearer {served.api_key}"},
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
                response_headers_conformance,
            ],
        )

    ask()
