"""Transcriptions over HTTP: heard, kept for whoever spoke, read, corrected; and no card number."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx
from asking import transcribing_is_on
from cells import asynchronous
from desks import ANSWERED, ASKED, LIVE, Desk, desk
from studio import AGENT
from transcripts import content_form, message_form
from twilio_forms import ACCOUNT_SID, CALLER, START, Form, call_callbacks, call_sid

from adapters.postgres.embedded import Urls
from adapters.workspaces.api_keys import Scope
from domain.identifiers import call_id
from projections.transcriptions.read import due

VISA: Final = "4111111111111111"


@asynchronous
async def test_what_was_heard_is_read(database: Urls, tmp_path: Path) -> None:
    """In order, by channel, with the machine's name and its confidence; and it says what it is."""
    async with desk(database, tmp_path) as at:
        await at.tell(*reversed(LIVE), *LIVE)
        found = await at.one()
        assert (found["kind"], found["status"], found["engine"]) == ("live", "completed", "google")
        assert (found["language"], found["ai_generated"]) == ("en-US", True)
        said = [(s["channel"], s["number"], s["text"]) for s in found["segments"]]
        assert said == [("first", 2, ASKED), ("second", 3, ANSWERED)]
        for segment in found["segments"]:
            assert (segment["ai_generated"], segment["engine"]) == (True, "deepgram")
            assert (segment["confidence"], segment["language"]) == ("0.9956335", "en-US")
            assert segment["state"] == "value"
        assert found["version"] == 5


@asynchronous
async def test_a_message_is_transcribed(database: Urls, tmp_path: Path) -> None:
    """Also where calls are not recorded; it says how far it came where there is no text."""
    async with desk(database, tmp_path) as at:
        await at.tell(
            message_form("123123 test."), message_form("(blank)", status="failed", number=2)
        )
        first, second = await at.listed()
        assert (first["kind"], first["engine"], first["status"]) == (
            "message",
            "twilio",
            "completed",
        )
        assert first["segments"][0]["text"] == "123123 test."
        assert first["segments"][0]["channel"] == "both"
        assert (second["status"], second["segments"]) == ("failed", [])


@asynchronous
async def test_a_partial_result_leaves_no_trace(database: Urls, tmp_path: Path) -> None:
    """Nothing is written of what a machine may hear differently in a moment."""
    async with desk(database, tmp_path) as at:
        before = await at.house.opened()
        await at.tell(content_form(70, "Where is my", final="false"))
        assert await at.house.opened() == before
        assert (await at.listed(), await at.letters()) == ([], [])


@asynchronous
async def test_only_where_it_is_enabled(database: Urls, tmp_path: Path) -> None:
    """Not a word is kept otherwise, understood or not, and the history says so."""
    untold = [field for field in LIVE[1] if field[0] != "SequenceId"]
    async with desk(database, tmp_path, is_on=False) as at:
        await at.tell(*LIVE, untold)
        found = await at.one()
        assert (found["segments"], found["not_kept"]) == ([], "not_enabled")
        assert await at.letters() == ["no_sequence"]
        opened = await at.house.opened()
        assert ASKED not in opened
        assert "no_sequence" not in opened
        assert "transcription-content" in opened


@asynchronous
async def test_by_the_settings_as_they_stood_then(database: Urls, tmp_path: Path) -> None:
    """Switched off half-way, what was said before is kept, whenever we hear of it."""
    async with desk(database, tmp_path) as at:
        off = transcribing_is_on(
            at.house.workspace_id, START + timedelta(seconds=9 + 2.5), is_on=False
        )
        await at.house.ledger.handle(off)
        await at.tell(*LIVE)
        found = await at.one()
        assert [segment["text"] for segment in found["segments"]] == [ASKED]
        assert found["not_kept"] == "not_enabled"


@asynchronous
async def test_card_numbers_are_gone_before_anything_is_kept(
    database: Urls, tmp_path: Path
) -> None:
    """In what is understood, in what is not, in a correction, and at another address."""
    number, words = "4111 1111 1111 1111", "four" + " one" * 15
    async with desk(database, tmp_path) as at:
        broken = [
            (name, f'{{"transcript": "{number}"' if name == "TranscriptionData" else value)
            for name, value in content_form(5, "x")
        ]
        await at.tell(
            *(content_form(2, f"It is {number}, thank you."), content_form(3, f"I said {words}.")),
            *(message_form(number), message_form(words, status="huh", number=2), broken),
        )
        await at.tell(message_form(f"at calls {number}", number=3), channel="voice/status")
        event = {"id": "1", "type": "com.twilio.other", "data": {"text": f"x {number}"}}
        assert (await at.house.deliver("events", [event])).status_code == 204
        assert (await at.house.deliver("voice/intelligence", {"text": number})).status_code == 204
        corrected = await correct_first(at, f"It is not {number}")
        assert corrected.status_code == 200, corrected.text
        assert sorted(await at.letters()) == [
            *("bad_transcription_data", "unknown_event", "unknown_event", "unknown_status"),
        ]
        opened = await at.house.opened()
        assert opened.count("[card number]") >= 6
        assert VISA not in re.sub(r"[^0-9a-z]", "", opened)
        assert words not in opened
        live = next(one for one in await at.listed() if one["kind"] == "live")
        assert [segment["cards_redacted"] for segment in live["segments"]] == [1, 1]


async def correct_first(at: Desk, text: str) -> httpx.Response:
    """Correct the first segment of what was heard live."""
    live = next(one for one in await at.listed() if one["kind"] == "live")
    path = f"{at.house.here}/calls/{at.call}/transcriptions/{live['id']}/segments/first/2"
    body = {"text": text, "reason": "misheard"}
    return await at.house.ask("PUT", path, json=body, headers={"If-Match": "*"})


@asynchronous
async def test_a_number_that_is_cut_in_two_is_not_kept_whole(
    database: Urls, tmp_path: Path
) -> None:
    """Whichever part comes first; the other speaker's words between them change nothing."""

    def parts(number: int) -> list[Form]:
        return [
            content_form(2, "It is 4111 1111", number=number),
            content_form(3, "Yes?", track="outbound_track", number=number),
            content_form(4, "1111 1111, thank you.", number=number),
        ]

    async with desk(database, tmp_path) as at:
        await at.tell(*parts(1), *reversed(parts(2)))
        for found in await at.listed():
            texts = [segment["text"] for segment in found["segments"]]
            assert sum("[card number]" in text for text in texts) == 1
            assert VISA not in re.sub(r"\D", "", "".join(texts))


@asynchronous
async def test_what_is_not_named_is_not_kept(database: Urls, tmp_path: Path) -> None:
    """Labels and hints name people; a machine's own answer repeats every word."""
    async with desk(database, tmp_path) as at:
        await at.tell(*LIVE, [*LIVE[1], ("Tomorrow", "Alice Johnson"), ("SequenceId", "x")])
        opened = await at.house.opened()
        assert await at.letters() == ["repeated_field"]
        for secret in ("Alice Johnson", "Chris Transcription", '"words"', "ProviderData"):
            assert secret not in opened


@asynchronous
async def test_an_erasure_silences_only_who_was_erased(database: Urls, tmp_path: Path) -> None:
    """In what was heard and in what was corrected; what both are heard in ends with either."""
    async with desk(database, tmp_path) as at:
        await at.tell(*LIVE, content_form(6, "Both?", track="both"))
        assert (await at.correct("Where is it?")).status_code == 200
        await at.erase(CALLER)
        found = await at.one()
        states = [(segment["state"], segment["text"]) for segment in found["segments"]]
        assert states == [("erased", None), ("value", ANSWERED), ("erased", None)]
        late = content_form(7, "Hello again?")
        await at.tell(late)
        assert (await at.texts())[-1] is None
        refused = await at.correct("Where was it?")
        assert (refused.status_code, refused.json()["state"]) == (409, "erased")


@asynchronous
async def test_a_correction_is_a_new_version(database: Urls, tmp_path: Path) -> None:
    """Who, when and why stand in the history, and so does what the machine heard."""
    async with desk(database, tmp_path) as at:
        await at.tell(*LIVE)
        answer = await at.correct("Where is my border?")
        assert answer.status_code == 200
        assert answer.json() == await at.one()
        segment = answer.json()["segments"][0]
        assert (segment["text"], segment["versions"]) == ("Where is my border?", 2)
        assert (segment["ai_generated"], segment["corrected_because"]) == (False, "misheard")
        heard, corrected = [e for e in await at.history() if "segment" in e["name"]][::2]
        assert heard["sealed"]["text"]["value"] == {"text": ASKED}
        assert corrected["name"] == "transcription.segment_corrected"
        assert corrected["actor"].startswith("api_key:")
        assert corrected["fields"]["reason"] == "misheard"
        assert corrected["sealed"]["text"]["value"] == {"text": "Where is my border?"}


@asynchronous
async def test_a_correction_is_of_what_was_read(database: Urls, tmp_path: Path) -> None:
    """Without a version, with an old one, or of a segment that is not there, it is none."""
    async with desk(database, tmp_path) as at:
        await at.tell(*LIVE)
        found = await at.one()
        path = f"/calls/{at.call}/transcriptions/{found['id']}"
        tag = (await at.house.get(path)).headers["etag"]
        assert (await at.correct("Once", If_Match=tag)).status_code == 200
        assert (await at.correct("Twice", If_Match=tag)).status_code == 412
        for segment, status in (("first/9", 404), ("third/2", 404), ("first/-1", 404)):
            assert (await at.correct("x", segment)).status_code == status
        url = f"{at.house.here}{path}/segments/first/2"
        body = {"text": "x", "reason": "misheard"}
        assert (await at.house.ask("PUT", url, json=body)).status_code == 428
        for wrong in ({"text": "x"}, {**body, "reason": "why not"}, {**body, "who": "me"}):
            headers = {"If-Match": "*"}
            assert (await at.house.ask("PUT", url, json=wrong, headers=headers)).status_code == 400


@asynchronous
async def test_it_takes_scopes_of_its_own(database: Urls, tmp_path: Path) -> None:
    """To read, to see the texts, and to correct them."""
    async with desk(database, tmp_path) as at:
        await at.tell(*LIVE)
        found = await at.one()
        path = f"/calls/{at.call}/transcriptions"
        for one in (path, f"{path}/{found['id']}", f"{path}/{found['id']}/history"):
            key = await at.house.new_key(Scope.calls_read, Scope.values_open)
            refused = await at.house.get(one, key=key)
            assert (refused.status_code, refused.json()["scope"]) == (403, "transcriptions:read")
        (seen,) = await at.listed(await at.house.new_key(Scope.transcriptions_read))
        assert {(s["state"], s["text"]) for s in seen["segments"]} == {("withheld", None)}
        refused = await at.house.ask(
            "PUT",
            f"{at.house.here}{path}/{found['id']}/segments/first/2",
            key=await at.house.new_key(Scope.transcriptions_read),
            json={"text": "x", "reason": "misheard"},
            headers={"If-Match": "*"},
        )
        assert (refused.status_code, refused.json()["scope"]) == (403, "transcriptions:write")


@asynchronous
async def test_a_transcription_is_its_own_calls(database: Urls, tmp_path: Path) -> None:
    """No other call has it, and no other workspace."""
    async with desk(database, tmp_path) as at:
        await at.house.hear(*call_callbacks(call_sid(5), call_sid(6)))
        await at.tell(*LIVE)
        found = await at.one()
        other = call_id(at.house.workspace_id, "twilio", call_sid(5))
        assert (await at.house.get(f"/calls/{other}/transcriptions")).json()["data"] == []
        path = f"/calls/{other}/transcriptions/{found['id']}"
        assert (await at.house.get(path)).status_code == 404
        neighbour = await at.house.neighbour()
        path = f"/calls/{at.call}/transcriptions/{found['id']}"
        assert (await neighbour.get(path)).status_code == 404


@asynchronous
async def test_a_call_that_is_not_known_yet_is_waited_for(database: Urls, tmp_path: Path) -> None:
    """Nobody knows whose words they are: they wait, sealed, and are told once it is known."""
    async with desk(database, tmp_path) as at:
        early = content_form(2, f"It is {VISA}.", number=7, call=7)
        await at.tell(early)
        assert await at.letters() == ["unknown_call"]
        assert VISA not in await at.house.opened()
        (letter,) = (await at.house.get("/dead-letters")).json()["data"]
        path = f"{at.house.here}/dead-letters/{letter['id']}/replay"
        assert (await at.house.ask("POST", path)).json()["code"] == "unknown_call"
        await at.house.hear(*call_callbacks(call_sid(7), call_sid(8), agent=AGENT))
        told = await at.house.ask("POST", path)
        assert told.status_code == 200, told.text
        await at.house.follow()
        call = call_id(at.house.workspace_id, "twilio", call_sid(7))
        assert told.json()["call_id"] == str(call)
        (found,) = (await at.house.get(f"/calls/{call}/transcriptions")).json()["data"]
        assert found["segments"][0]["text"] == "It is [card number]."


@asynchronous
async def test_a_service_says_that_it_has_a_transcript(database: Urls, tmp_path: Path) -> None:
    """It is due from then on, once, whoever's it is; what cannot be read names it, and no more."""
    said = {"account_sid": ACCOUNT_SID, "transcript_sid": "GT" + "2" * 32, "text": VISA}
    available = {**said, "event_type": "voice_intelligence_transcript_available"}
    async with desk(database, tmp_path) as at:
        for told in (available, available, {**available, "account_sid": "AC" + "9" * 32}, said):
            answer = await at.house.deliver("voice/intelligence", told)
            assert (answer.status_code, answer.content) == (204, b"")
        await at.house.follow()
        async with await (await at.house.cell()).follow() as connection:
            (place,) = await due(connection)
        assert place.workspace_id == at.house.workspace_id
        assert sorted(await at.letters()) == ["foreign_account", "unknown_event"]
        assert VISA not in await at.house.opened()


@asynchronous
async def test_a_foreign_account_speaks_of_nothing(database: Urls, tmp_path: Path) -> None:
    """Its callback waits, as every other channel's does."""
    async with desk(database, tmp_path) as at:
        foreign = [
            (name, "AC" + "9" * 32 if name == "AccountSid" else value) for name, value in LIVE[1]
        ]
        await at.tell(foreign)
        assert (await at.letters(), await at.listed()) == (["foreign_account"], [])
