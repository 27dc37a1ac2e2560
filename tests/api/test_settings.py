"""A workspace's settings over HTTP: read as of any time, changed by who has seen them."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
from cells import asynchronous
from serving import House, serving
from twilio_forms import CALLEE, call_callbacks, call_sid

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import ApiKey, Scope

SPOKEN: Final = "Press 1 to agree."
PROMPT: Final = {
    "prompt_id": "rec",
    "version": 1,
    "language": "en",
    "text_sha256": sha256(SPOKEN.encode()).hexdigest(),
    "text": SPOKEN,
}
ASKED: Final = {
    "mode": "asked",
    "consenting": "everybody",
    "prompt": PROMPT,
    "callee_prompt": None,
}
TERMS: Final = {"version": "2026-01", "text_sha256": "cd" * 32}
ANY: Final = {"If-Match": "*"}


async def change(house: House, seen: str = "*", **settings: Any) -> httpx.Response:  # noqa: ANN401 - any
    """Set these, having seen that version."""
    body = {"reason": "instruction", **settings}
    headers = {"If-Match": seen}
    return await house.ask("PATCH", f"{house.here}/settings", json=body, headers=headers)


async def read(house: House, **moments: str) -> dict[str, Any]:
    """The settings, now or then."""
    found: dict[str, Any] = (await house.get("/settings", params=moments)).json()
    return found


@asynchronous
async def test_what_was_never_set_is_off(database: Urls, tmp_path: Path) -> None:
    """A new workspace records, sends and keeps nothing by its settings."""
    async with serving(database, tmp_path) as house:
        found = await read(house)
        assert found.pop("version") == 0
        assert {name: value for name, value in found.items() if value} == {}


@asynchronous
async def test_settings_are_set_as_a_whole_and_stay(database: Urls, tmp_path: Path) -> None:
    """What is given is set, the rest stays; the same again is no new version."""
    routing = {"time_zone": "Europe/Brussels", "rules": [{"step": "voicemail", "opens": "18:00"}]}
    everything: dict[str, Any] = {
        "profile": "callnex",
        "recording": ASKED,
        "transcription": {"is_on": True, "language": "nl-BE"},
        "ai": {"is_on": False},
        "routing": routing,
        "region": {"region": "eu", "country": "BE"},
        "mfa": {"level": "required", "steps_up": True},
        "provider_deletion": {"recordings": "deleted_once_stored", "transcriptions": "kept"},
        "retention": [{"category": "recordings", "campaign": "spring", "days": 30}],
    }
    async with serving(database, tmp_path) as house:
        answer = await change(house, **everything)
        assert answer.status_code == 200
        assert answer.json()["version"] == len(everything)
        assert (await change(house, **everything)).json()["version"] == len(everything)
        await change(house, ai={"is_on": True})
        found = await read(house)
        assert found["ai"] == {"is_on": True}
        for name in everything.keys() - {"ai", "routing"}:
            assert found[name] == everything[name], name
        rule = found["routing"]["rules"][0]
        assert (rule["step"], rule["opens"], rule["targets"]) == ("voicemail", "18:00", None)


@asynchronous
async def test_a_text_is_the_one_that_its_hash_says(database: Urls, tmp_path: Path) -> None:
    """Whoever compares the hash later must find what was said; without a text it stands alone."""
    async with serving(database, tmp_path) as house:
        for text, status in (("Another one.", 400), (None, 200), (SPOKEN, 200)):
            answer = await change(house, recording={**ASKED, "prompt": {**PROMPT, "text": text}})
            assert answer.status_code == status


@asynchronous
async def test_two_administrators_do_not_overwrite_each_other(
    database: Urls, tmp_path: Path
) -> None:
    """Of two who have seen the same, one is told that it changed; nobody changes unseen."""
    async with serving(database, tmp_path) as house:
        seen = (await house.get("/settings")).headers["etag"]
        answers = await asyncio.gather(
            *(change(house, seen, ai={"is_on": on}) for on in (True, False))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        (late,) = (answer for answer in answers if answer.status_code == 412)
        assert late.json()["type"] == "/problems/changed-meanwhile"
        assert (await read(house))["version"] == 1
        blind = await house.ask(
            "PATCH", f"{house.here}/settings", json={"reason": "security", "ai": {"is_on": True}}
        )
        assert (blind.status_code, blind.json()["type"]) == (428, "/problems/version-needed")
        for nonsense in ('"x-1"', "", 'W/"1-x"', '"99999999999-1"'):
            assert (await change(house, nonsense, ai={"is_on": True})).status_code == 412
        now = (await house.get("/settings")).headers["etag"]
        assert (await change(house, now, ai={"is_on": True})).status_code == 200


@asynchronous
async def test_a_reader_without_values_has_seen_the_same_version(
    database: Urls, tmp_path: Path
) -> None:
    """Whether numbers were withheld makes another tag, and no other version."""
    async with serving(database, tmp_path) as house:
        await put_target(house)
        blind = await house.new_key(Scope.settings_read, Scope.settings_write)
        seen = (await house.get("/settings", key=blind)).headers["etag"]
        assert seen != (await house.get("/settings")).headers["etag"]
        assert (await change(house, seen, ai={"is_on": True})).status_code == 200
        again = await house.get("/settings", headers={"If-None-Match": seen}, key=blind)
        assert again.status_code == 200


@asynchronous
async def test_a_rule_that_says_no_is_named(database: Urls, tmp_path: Path) -> None:
    """A problem names the rule, and nothing of the request was done."""
    async with serving(database, tmp_path) as house:
        for settings, code in (
            ({"recording": {"mode": "announced"}}, "recording_without_announcement"),
            (
                {"retention": [{"category": "invoices", "days": 30}]},
                "retention_period_not_allowed",
            ),
            (
                {"routing": {"time_zone": "UTC", "rules": [{"step": "dial", "targets": ["x"]}]}},
                "no_such_dial_target",
            ),
        ):
            answer = await change(house, ai={"is_on": True}, **settings)
            assert (answer.status_code, answer.json()["detail"]) == (409, code)
        assert (await read(house))["version"] == 0


MEANINGLESS: Final[list[tuple[dict[str, Any], str]]] = [
    ({"reason": "boredom"}, "/reason"),
    ({"colour": "red"}, "/colour"),
    ({"recording": {"mode": "secretly"}}, "/recording/mode"),
    ({"routing": {"time_zone": "Mars/Olympus", "rules": []}}, "/routing/time_zone"),
    (
        {"routing": {"time_zone": "UTC", "rules": [{"step": "reject", "opens": "24:00"}]}},
        "/routing/rules/0/opens",
    ),
    ({"retention": [{"category": "recordings"}]}, "/retention/0/days"),
    ({"region": {"region": "eu", "country": "be"}}, "/region/country"),
]


@asynchronous
async def test_a_setting_that_means_nothing_is_pointed_at(database: Urls, tmp_path: Path) -> None:
    """An unknown setting is not ignored, an impossible one not kept."""
    async with serving(database, tmp_path) as house:
        for settings, pointer in MEANINGLESS:
            answer = await change(house, **settings)
            assert answer.status_code == 400
            assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


@asynchronous
async def test_the_history_says_who_when_and_why(database: Urls, tmp_path: Path) -> None:
    """Of each change, with its note for who may see personal values."""
    async with serving(database, tmp_path) as house:
        await change(house, ai={"is_on": True}, note="as Ann Other asked")
        (entry,) = (await house.get("/settings/history")).json()["data"]
        key = ApiKey.parse(house.api_key)
        assert key is not None
        assert entry["actor"] == f"api_key:{key.key_id}"
        assert entry["name"] == "workspace.ai_policy_set"
        assert entry["fields"] == {"reason": "instruction", "setting": {"is_on": True}}
        assert entry["sealed"]["note"]["value"] == {"text": "as Ann Other asked"}
        assert entry["occurred_at"] <= entry["recorded_at"]
        blind = await house.new_key(Scope.settings_read)
        withheld = (await house.get("/settings/history", key=blind)).json()["data"][0]
        assert withheld["sealed"]["note"]["state"] == "withheld"
        assert withheld["sealed"]["note"]["value"] is None


@asynchronous
async def test_settings_are_told_as_of_any_time(database: Urls, tmp_path: Path) -> None:
    """What was set then, and what differs between two times with what changed it."""
    async with serving(database, tmp_path) as house:
        await change(house, ai={"is_on": True}, recording=ASKED)
        await change(house, ai={"is_on": False})
        first, _, third = (await house.get("/settings/history")).json()["data"]
        before = await read(house, known_at="2020-01-01T00:00:00Z")
        then = await read(house, known_at=first["recorded_at"])
        assert (before["ai"], then["ai"]) == (None, {"is_on": True})
        assert (await read(house, as_of=first["occurred_at"]))["ai"] == {"is_on": True}
        moments = {"from": first["recorded_at"], "to": third["recorded_at"]}
        difference = (await house.get("/settings/diff", params=moments)).json()
        assert difference["changes"] == [
            {"setting": "ai", "before": {"is_on": True}, "after": {"is_on": False}}
        ]
        assert [entry["position"] for entry in difference["entries"]] == [third["position"]]
        backwards = {"from": moments["to"], "to": "2020-01-01T00:00:00Z"}
        undone = (await house.get("/settings/diff", params=backwards)).json()
        assert {one["after"] for one in undone["changes"]} == {None}
        assert undone["entries"] == []
        future = await house.get("/settings", params={"known_at": "2199-01-01T00:00:00Z"})
        assert future.status_code == 400


@asynchronous
async def test_retention_explains_itself(database: Urls, tmp_path: Path) -> None:
    """Which rule holds, what it overrides and what is counted from; the campaign's before ours."""
    periods = [
        {"category": "recordings", "days": 60},
        {"category": "recordings", "campaign": "spring", "days": 30},
    ]
    async with serving(database, tmp_path) as house:
        await change(house, retention=periods, profile="callnex")
        ask = {"category": "recordings", "campaign": "spring"}
        found = (await house.get("/retention/explain", params=ask)).json()
        assert [found["ruling"]["level"], *(one["level"] for one in found["overrides"])] == [
            *("campaign", "workspace", "profile")
        ]
        assert found["ruling"]["period"] == {"length": 30, "unit": "days"}
        assert found["overrides"][-1]["source"] == "promise 53"
        account = (await house.get("/retention/explain", params={"category": "account"})).json()
        assert account["counted_from"] == "workspace_closed"
        assert account["ruling"]["period"]["length"] == 30
        for wrong in ({}, {"category": "gossip"}, {**ask, "subject": "x"}):
            assert (await house.get("/retention/explain", params=wrong)).status_code == 400


async def put_target(house: House, name: str = "desk", number: str = CALLEE) -> httpx.Response:
    """Name a number that can be dialled."""
    body = {"reason": "instruction", "number": number}
    return await house.ask("PUT", f"{house.here}/dial-targets/{name}", json=body)


@asynchronous
async def test_a_dial_target_is_a_subject_s_number(database: Urls, tmp_path: Path) -> None:
    """The same subject as in their calls; written otherwise it says nothing new; it is erased."""
    async with serving(database, tmp_path) as house:
        await house.hear(*call_callbacks(call_sid(1), call_sid(2)))
        assert (await put_target(house)).json() == {"version": 1}
        assert (await put_target(house, number=f" {CALLEE} ")).json() == {"version": 1}
        (target,) = (await read(house))["dial_targets"]
        (call,) = (await house.get("/calls")).json()["data"]
        subject_id = call["callee"]["subject_id"]
        assert target["number"]["subject_id"] == subject_id
        assert target["number"]["value"] == {"address": CALLEE, "kind": "e164"}
        await house.ask("POST", f"{house.here}/subjects/{subject_id}/erasure")
        (gone,) = (await read(house))["dial_targets"]
        assert (gone["number"]["state"], gone["number"]["value"]) == ("erased", None)


@asynchronous
async def test_a_dial_target_must_be_possible_to_dial(database: Urls, tmp_path: Path) -> None:
    """A withheld number or a text is none, and is not quoted; a name is no sentence."""
    async with serving(database, tmp_path) as house:
        for number in ("anonymous", "front desk", "  ", "384"):
            answer = await put_target(house, number=number)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/number")
            assert number.strip() not in answer.text or not number.strip()
        assert (await put_target(house, name="no names here")).status_code == 404


@asynchronous
async def test_a_target_in_use_is_not_removed(database: Urls, tmp_path: Path) -> None:
    """First the rule goes, then the number."""
    rules = [{"step": "dial", "targets": ["desk"], "unanswered": "voicemail"}]
    url = "/dial-targets/desk?reason=security"
    async with serving(database, tmp_path) as house:
        await put_target(house)
        await change(house, routing={"time_zone": "UTC", "rules": rules})
        refused = await house.ask("DELETE", house.here + url)
        assert (refused.status_code, refused.json()["detail"]) == (409, "dial_target_in_use")
        await change(house, routing={"time_zone": "UTC", "rules": []})
        assert (await house.ask("DELETE", house.here + url)).json() == {"version": 4}
        assert (await read(house))["dial_targets"] == []
        assert (await house.ask("DELETE", f"{house.here}/dial-targets/desk")).status_code == 400


@asynchronous
async def test_an_integration_needs_its_terms(database: Urls, tmp_path: Path) -> None:
    """Not enabled without acknowledgement; with it, until it is disabled."""
    url = "/integrations/crm"
    async with serving(database, tmp_path) as house:
        unread = await house.ask("PUT", house.here + url, json={"reason": "instruction"})
        assert [one["pointer"] for one in unread.json()["errors"]] == ["/terms"]
        body = {"reason": "instruction", "terms": TERMS, "fields": ["outcome"]}
        for _ in range(2):
            enabled = await house.ask("PUT", house.here + url, json=body)
            assert enabled.json() == {"version": 1}
        assert (await read(house))["integrations"] == {
            "crm": {"terms": TERMS, "fields": ["outcome"]}
        }
        stale = await house.ask("PUT", house.here + url, json=body, headers={"If-Match": '"0-x"'})
        assert stale.status_code == 412
        await house.ask("DELETE", f"{house.here}{url}?reason=security")
        assert (await read(house))["integrations"] == {}


@asynchronous
async def test_reading_is_no_writing(database: Urls, tmp_path: Path) -> None:
    """Each scope allows its own, and is named where it is missing."""
    async with serving(database, tmp_path) as house:
        reader = await house.new_key(Scope.settings_read)
        url = f"{house.here}/settings"
        refused = await house.ask(
            "PATCH", url, key=reader, json={"reason": "security"}, headers=ANY
        )
        assert (refused.status_code, refused.json()["scope"]) == (403, "settings:write")
        writer = await house.new_key(Scope.settings_write)
        assert (await house.get("/settings", key=writer)).json()["scope"] == "settings:read"
