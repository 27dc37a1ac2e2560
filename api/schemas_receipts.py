"""What the answers about an erasure's effect look like: before it, and after it."""

from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Moment
from api.schemas_subjects import SUBJECT_ID
from domain.receipts.words import AnswerState, ReceiptState, Store, Until
from domain.subjects.events import ErasureReason

PREVIEW: Final[dict[str, Any]] = {
    "keys": 1,
    "lookups": 1,
    "values": {"call_metadata": 12, "recording": 1},
    "kept": {},
    "tracks": 1,
    "calls": 3,
    "provider_copies": 3,
    "consents": 1,
    "holds": [],
    "suppressions": ["newsletter"],
}
RECEIPT: Final[dict[str, Any]] = {
    "format": "ringledger.erasure-receipt/1",
    "workspace_id": "6c1f7a57-0c1e-4a8e-9a0e-2a0a5f3b7c11",
    "subject_id": SUBJECT_ID,
    "reason": "requested",
    "erased_at": "2026-03-02T15:00:00.000123Z",
    "issued_at": "2026-03-02T15:00:04Z",
    "state": "done",
    "answers": [
        {"store": "keys", "state": "done", "count": 1},
        {"store": "vault", "state": "done", "count": 18},
        {
            "store": "provider_copies",
            "state": "residual",
            "what": "recording_metadata",
            "until": "2026-04-11",
        },
        {
            "store": "backups",
            "state": "residual",
            "ends_with": "master_key_destroyed",
            "key_id": "5f0c1e9a7b3d",
        },
    ],
    "kept": [{"what": "consents", "count": 1, "because": "GDPR Art. 7(1)"}],
    "entries": [
        {
            "position": 4801,
            "version": 1,
            "name": "subject.erased",
            "recorded_at": "2026-03-02T15:00:00.000123Z",
            "sha256": "9f2b4c6d8e0f1a3b5c7d9e1f2a4b6c8d0e2f4a6b8c0d1e3f5a7b9c1d3e5f7a90",
        }
    ],
    "signed_with": "1f0e2d3c4b5a6978",
    "signature": "b3JkaW5hcmlseSA2NCBieXRlcyBpbiBiYXNlNjR1cmwgd2l0aG91dCBwYWRkaW5n",
}
KEYS: Final[dict[str, Any]] = {
    "keys": [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": "1f0e2d3c4b5a6978",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }
    ]
}


class ErasurePreview(BaseModel):
    """What an erasure would take by now, by store, and what would stay."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [PREVIEW]})

    keys: int = Field(description="1 for who is living, 0 for who was erased.")
    lookups: int = Field(description="Ways from a number to them.")
    values: dict[str, int] = Field(description="Sealed values that go, by category.")
    kept: dict[str, int] = Field(description="Those that a hold on single calls keeps.")
    tracks: int = Field(description="Audio that goes: tracks of recordings.")
    calls: int = Field(description="Calls that stay, with nobody in their place.")
    provider_copies: int = Field(
        description="Calls and messages of which all that the provider holds is asked to go."
    )
    consents: int = Field(description="Consents whose evidence stays (GDPR Art. 7(1)).")
    holds: list[UUID] = Field(
        description="Holds in the way: the erasure waits for them, and nothing goes before that."
    )
    suppressions: list[str] = Field(
        description="Marketing that stays forbidden to their number (GDPR Art. 21(3))."
    )


class StoreAnswer(BaseModel):
    """What one store says."""

    store: Store
    state: AnswerState
    count: int | None = Field(None, description="How many are gone; of any other state: left.")
    until: str | None = Field(None, description="The last day of a residual.")
    ends_with: Until | None = Field(None, description="What ends a residual without a day.")
    key_id: str | None = Field(None, description="The master key in question.")
    what: str | None = Field(None, description="Of several residuals in one store, which.")


class KeptThing(BaseModel):
    """What is kept, and why."""

    what: str
    count: int
    because: str


class ReceiptEntry(BaseModel):
    """An entry of the history about the erasure."""

    position: int
    version: int
    name: str
    recorded_at: Moment
    sha256: str = Field(description="Of the entry's body as it is stored.")


class ErasureReceipt(BaseModel):
    """What became of a subject in every store, signed with Ed25519. It names nobody.

    The signature is over the document without `signature`: keys sorted, no blanks.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [RECEIPT]})

    format: str
    workspace_id: UUID
    subject_id: UUID
    reason: ErasureReason
    erased_at: Moment | None = Field(description="`null` while the erasure waits for a hold.")
    issued_at: Moment
    state: ReceiptState = Field(
        description="`done` when every store has answered and nothing is left but residuals that "
        "have an end."
    )
    answers: list[StoreAnswer]
    kept: list[KeptThing]
    entries: list[ReceiptEntry]
    signed_with: str = Field(description="The `kid` of the key in `/receipts/keys`.")
    signature: str = Field(description="64 bytes in base64url.")


class ReceiptKeys(BaseModel):
    """The public keys of receipts: a JSON Web Key Set (RFC 7517, RFC 8037)."""

    model_config = ConfigDict(json_schema_extra={"examples": [KEYS]})

    keys: list[dict[str, str]]
