"""Retention over HTTP: what another period would take, what went, and that it stays gone."""

from datetime import timedelta
from pathlib import Path

from cells import asynchronous
from clocks import SetClock
from serving import House, serving
from twilio_forms import call_sid, incoming_form

from adapters.postgres.embedded import Urls

ODD = {"category": "unclassified"}


async def keep_for(house: House, days: int) -> None:
    """Set the period of what nobody understood."""
    body = {"reason": "instruction", "retention": [{**ODD, "days": days}]}
    headers = {"If-Match": "*"}
    answer = await house.ask("PATCH", f"{house.here}/settings", json=body, headers=headers)
    assert answer.status_code == 200


@asynchronous
async def test_a_period_is_tried_set_and_told(database: Urls, tmp_path: Path) -> None:
    """Asking changes nothing; set, it takes what was said; a longer one brings nothing back."""
    clock = SetClock()
    async with serving(database, tmp_path, clock=clock) as house:
        for number in range(2):
            await house.post(incoming_form(call_sid(number)), "voice/incoming")
            clock.let_pass(days=20)
        ask = {**ODD, "days": 30}
        found = (await house.get("/retention/simulation", params=ask)).json()
        assert found["ruling"] == {
            "level": "workspace",
            "period": {"length": 30, "unit": "days"},
            "source": "setting",
        }
        nothing = dict.fromkeys(("kept", "recordings", "objects", "bytes"), 0)
        assert found["now"] == {"buckets": 1, "values": 1, "calls": 1, **nothing}
        due = (clock() + timedelta(days=11)).date().isoformat()
        assert found["later"] == [{"on": due, "buckets": 1, "values": 1}]
        assert (await house.get("/retention/history")).json() == {"data": []}
        await keep_for(house, 30)
        cell = await house.cell()
        assert await cell.expiries.finish() == (1, 1)
        await keep_for(house, 90)
        assert await cell.expiries.finish() == (0, 0)
        gone = (clock() - timedelta(days=40)).date().isoformat()
        explained = (await house.get("/retention/explain", params=ODD)).json()
        assert (explained["gone_through"], explained["ruling"]["period"]["length"]) == (gone, 90)
        key, boxes = (await house.get("/retention/history")).json()["data"]
        assert (key["fields"]["level"], key["fields"]["length"]) == ("workspace", 30)
        assert (key["fields"]["first_day"], key["fields"]["last_day"]) == (gone, gone)
        assert boxes["fields"] == {"values_deleted": 1, "buckets_emptied": 1, "is_complete": True}


@asynchronous
async def test_what_could_not_be_set_cannot_be_tried(database: Urls, tmp_path: Path) -> None:
    """A period that the policy does not let choose is refused here as there."""
    async with serving(database, tmp_path) as house:
        for category, days in (("recordings", 91), ("call_metadata", 30), ("invoices", 365)):
            ask = {"category": category, "days": days}
            answer = await house.get("/retention/simulation", params=ask)
            assert answer.status_code == 409
            assert answer.json()["detail"] == "retention_period_not_allowed"
        for wrong in ({}, {"category": "gossip"}, {**ODD, "days": "many"}, {**ODD, "colour": "x"}):
            answer = await house.get("/retention/simulation", params=wrong)
            assert answer.status_code == 400


@asynchronous
async def test_an_address_names_its_campaign(database: Urls, tmp_path: Path) -> None:
    """Whatever comes in there goes by the campaign's period; what is no name is none."""
    clock = SetClock()
    async with serving(database, tmp_path, clock=clock) as house:
        for number, query in enumerate(
            ("?campaign=spring", "?campaign=%20", "?season=spring", "")
        ):
            form = incoming_form(call_sid(number))
            assert (await house.post(form, "voice/incoming", query=query)).status_code == 200
        for campaign, expected in (("spring", 1), ("autumn", 0), (None, 4)):
            ask = {**ODD, "days": 1} | ({"campaign": campaign} if campaign else {})
            clock.let_pass(days=1)
            found = (await house.get("/retention/simulation", params=ask)).json()
            going = found["now"]["values"] + sum(step["values"] for step in found["later"])
            assert going == expected
