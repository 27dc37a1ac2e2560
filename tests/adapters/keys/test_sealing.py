"""Sealing: what was sealed opens with its own keys in its own place, and in no other way."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from adapters.keys.sealing import (
    Box,
    Place,
    derive,
    locks,
    new_key,
    open_box,
    prefixed,
    seal,
    unwrap,
    wrap,
)
from adapters.keys.workspace_key import WorkspaceKey
from domain.errors import IntegrityAlarm

VECTORS: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "golden" / "sealing.json").read_text()
)
VALUE: Final = b'{"address":"+32470000001"}'
PLACE: Final = Place(
    workspace_id=uuid4(),
    stream_id=uuid4(),
    version=3,
    name="call.leg_registered",
    schema_version=1,
    field="caller",
    subjects=(uuid4(), uuid4()),
    category="call_metadata",
    bucket=uuid4(),
)
KEYS: Final = locks([new_key(), new_key()], new_key(), PLACE.workspace_id, PLACE.stream_id)
MOVES: Final[dict[str, Any]] = {
    "workspace_id": uuid4(),
    "stream_id": uuid4(),
    "version": 4,
    "name": "call.leg_described",
    "schema_version": 2,
    "field": "callee",
    "subjects": PLACE.subjects[:1],
    "category": "unclassified",
    "bucket": uuid4(),
}


@given(st.binary(max_size=2_000))
def test_what_was_sealed_opens(value: bytes) -> None:
    """Any bytes come back as they were, none included."""
    assert open_box(seal(value, PLACE, KEYS), PLACE, KEYS) == value


def test_every_part_of_a_place_is_bound() -> None:
    """The list of moves below is complete."""
    assert MOVES.keys() == set(Place._fields)


@pytest.mark.parametrize("part", MOVES)
def test_a_box_opens_in_its_own_place_only(part: str) -> None:
    """One part of the place is another one: an alarm, even with the right keys."""
    elsewhere = PLACE._replace(**{part: MOVES[part]})
    with pytest.raises(IntegrityAlarm):
        open_box(seal(VALUE, PLACE, KEYS), elsewhere, KEYS)


def test_the_order_of_the_subjects_is_bound() -> None:
    """Two subjects the other way round are another place."""
    elsewhere = PLACE._replace(subjects=PLACE.subjects[::-1])
    with pytest.raises(IntegrityAlarm):
        open_box(seal(VALUE, PLACE, KEYS), elsewhere, KEYS)


@given(st.lists(st.binary(max_size=6), max_size=5), st.lists(st.binary(max_size=6), max_size=5))
def test_two_lists_never_read_alike(one: list[bytes], other: list[bytes]) -> None:
    """What is put together with its lengths comes apart in one way only."""
    assert (prefixed(one) == prefixed(other)) == (one == other)


def test_no_letter_moves_from_one_part_to_the_next() -> None:
    """Where plain joining would read the same, the associated data differ."""
    one = PLACE._replace(name="call.leg", field="caller")
    other = PLACE._replace(name="call.legcaller", field="")
    assert one.associated() != other.associated()
    twelve = PLACE._replace(version=1, schema_version=2)
    assert twelve.associated() != PLACE._replace(version=12, schema_version=0).associated()


@pytest.mark.parametrize("stranger", ["first subject", "second subject", "bucket", "one alone"])
def test_it_takes_every_key(stranger: str) -> None:
    """With one key wrong, or one missing, a box does not open: neither lock is enough."""
    first, second, bucket = new_key(), new_key(), new_key()
    ids = PLACE.workspace_id, PLACE.stream_id
    box = seal(VALUE, PLACE, locks([first, second], bucket, *ids))
    wrong = {
        "first subject": locks([new_key(), second], bucket, *ids),
        "second subject": locks([first, new_key()], bucket, *ids),
        "bucket": locks([first, second], new_key(), *ids),
        "one alone": locks([first], bucket, *ids),
    }[stranger]
    with pytest.raises(IntegrityAlarm):
        open_box(box, PLACE, wrong)
    # Nor is it the key check alone that stops it.
    with pytest.raises(IntegrityAlarm):
        open_box(Box(box.sealed, wrong.key_check), PLACE, wrong)


def test_the_locks_of_one_call_open_no_other() -> None:
    """The same keys derive other locks for another stream or workspace."""
    subject, bucket = new_key(), new_key()
    made = {
        locks([subject], bucket, workspace_id, stream_id).key_check
        for workspace_id in (PLACE.workspace_id, uuid4())
        for stream_id in (PLACE.stream_id, uuid4())
    }
    assert len(made) == 4


def test_any_flipped_bit_is_an_alarm() -> None:
    """Of the format, the nonce, the value, the tag and the key check: no bit may change."""
    box = seal(VALUE, PLACE, KEYS)
    for bit in range(8 * len(box.sealed)):
        with pytest.raises(IntegrityAlarm):
            open_box(box._replace(sealed=_flipped(box.sealed, bit)), PLACE, KEYS)
    for bit in range(8 * len(box.key_check)):
        with pytest.raises(IntegrityAlarm):
            open_box(box._replace(key_check=_flipped(box.key_check, bit)), PLACE, KEYS)


@pytest.mark.parametrize("length", range(30))
def test_a_box_cut_short_is_an_alarm(length: int) -> None:
    """Whatever is left of it, it is not an error of another kind."""
    box = seal(VALUE, PLACE, KEYS)
    with pytest.raises(IntegrityAlarm):
        open_box(box._replace(sealed=box.sealed[:length]), PLACE, KEYS)


def test_an_alarm_quotes_nothing() -> None:
    """Neither a box nor a key nor a value shows in what is raised."""
    with pytest.raises(IntegrityAlarm) as alarm:
        open_box(seal(VALUE, PLACE, KEYS), PLACE._replace(version=4), KEYS)
    assert str(alarm.value) == "authentication"


def test_no_two_values_share_a_nonce() -> None:
    """The same value, sealed in the same place, is another box each time."""
    boxes = [seal(VALUE, PLACE, KEYS).sealed for _ in range(1_000)]
    assert len({box[1:13] for box in boxes}) == len(set(boxes)) == 1_000


def test_the_commitment_tells_boxes_apart() -> None:
    """It is over box and key check both, each with its length."""
    box = seal(VALUE, PLACE, KEYS)
    assert box.commitment == Box(box.sealed, box.key_check).commitment
    shifted = Box(box.sealed + box.key_check[:1], box.key_check[1:])
    changed = Box(_flipped(box.sealed, 100), box.key_check)
    rekeyed = Box(box.sealed, _flipped(box.key_check, 0))
    assert len({one.commitment for one in (box, shifted, changed, rekeyed)}) == 4


@pytest.mark.parametrize("vector", VECTORS["boxes"], ids=lambda vector: vector["title"])
def test_the_golden_boxes_open(vector: dict[str, Any]) -> None:
    """What was sealed by the first release opens in every later one."""
    given, keys = vector["place"], [bytes.fromhex(key) for key in vector["subject_keys"]]
    place = Place(
        **{
            **given,
            "subjects": tuple(map(UUID, given["subjects"])),
            **{name: UUID(given[name]) for name in ("workspace_id", "stream_id", "bucket")},
        }
    )
    bucket = bytes.fromhex(vector["bucket_key"])
    found = locks(keys, bucket, place.workspace_id, place.stream_id)
    box = Box(bytes.fromhex(vector["box"]), bytes.fromhex(vector["key_check"]))
    assert found.key_check == box.key_check
    assert place.associated().hex() == vector["associated"]
    assert open_box(box, place, found).decode() == vector["value"]
    assert box.commitment == vector["commitment"]


@pytest.mark.parametrize("vector", VECTORS["boxes"], ids=lambda vector: vector["title"])
def test_the_golden_boxes_follow_their_own_recipe(vector: dict[str, Any]) -> None:
    """The steps in the file, taken one by one without our code, lead to what the file holds."""
    place = vector["place"]
    workspace, stream, bucket = (
        UUID(place[name]).bytes for name in ("workspace_id", "stream_id", "bucket")
    )
    keys = [bytes.fromhex(key) for key in (*vector["subject_keys"], vector["bucket_key"])]
    secret = hmac.digest(b"ringledger/box/v1", _joined(*keys), "sha512")
    context = _joined(workspace, stream)
    hkdf = HKDF(SHA512(), length=64, salt=b"ringledger/box/v1", info=context)
    block = hkdf.derive(_joined(*keys))
    key, check = block[:32], block[32:]
    associated = _joined(
        b"\x01",
        workspace,
        stream,
        place["version"].to_bytes(8, "big"),
        place["name"].encode(),
        place["schema_version"].to_bytes(4, "big"),
        place["field"].encode(),
        b"".join(UUID(subject).bytes for subject in place["subjects"]),
        place["category"].encode(),
        bucket,
    )
    nonce = bytes.fromhex(vector["nonce"])
    box = b"\x01" + nonce + AESGCM(key).encrypt(nonce, vector["value"].encode(), associated)
    steps = {"secret": secret, "key": key, "key_check": check, "associated": associated}
    assert {name: found.hex() for name, found in steps.items()} == {n: vector[n] for n in steps}
    assert box.hex() == vector["box"]
    assert hashlib.sha256(_joined(box, check)).hexdigest() == vector["commitment"]


def test_the_golden_key_unwraps() -> None:
    """A key that the first release wrapped, and a number that it looked up, are found."""
    vector = VECTORS["wrapped_key"]
    key = WorkspaceKey.of(PLACE.workspace_id, bytes.fromhex(vector["workspace_key"]))
    subject = UUID(vector["subject_id"])
    wrapped = bytes.fromhex(vector["wrapped"])
    assert key.unwrap_subject(wrapped, subject).hex() == vector["subject_key"]
    assert key.digest(vector["lookup"]).hex() == vector["digest"]
    under = derive(bytes.fromhex(vector["workspace_key"]), b"wrap")
    assert under.hex() == vector["wrapping_key"]
    bound = _joined(b"\x01", b"subject key", subject.bytes)
    assert bound.hex() == vector["associated"]
    assert AESGCM(under).decrypt(wrapped[1:13], wrapped[13:], bound).hex() == vector["subject_key"]


def test_a_wrapped_key_is_bound_to_its_purpose_and_its_owner() -> None:
    """It unwraps for whom and for what it was wrapped, and any change of it is an alarm."""
    under, key, owner = AESGCM(new_key()), new_key(), uuid4()
    wrapped = wrap(key, under, "subject key", owner)
    assert unwrap(wrapped, under, "subject key", owner) == key
    with pytest.raises(IntegrityAlarm):
        unwrap(wrapped, under, "bucket key", owner)
    with pytest.raises(IntegrityAlarm):
        unwrap(wrapped, under, "subject key", uuid4())
    with pytest.raises(IntegrityAlarm):
        unwrap(wrapped, AESGCM(new_key()), "subject key", owner)
    for bit in range(8 * len(wrapped)):
        with pytest.raises(IntegrityAlarm):
            unwrap(_flipped(wrapped, bit), under, "subject key", owner)
    for length in range(len(wrapped)):
        with pytest.raises(IntegrityAlarm):
            unwrap(wrapped[:length], under, "subject key", owner)


def _joined(*parts: bytes) -> bytes:
    """The recipe's ``prefixed``, written once more."""
    joined = b""
    for part in parts:
        joined += bytes([0, 0, len(part) >> 8, len(part) & 255]) + part
    return joined


def _flipped(text: bytes, bit: int) -> bytes:
    changed = bytearray(text)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
