"""Master keys in AWS KMS: each is a KMS key, and an alias leads to the newest.

The key never leaves KMS; what comes and goes is the workspace's secret, with its workspace as the
encryption context, which CloudTrail shows. Credentials and region are found as AWS's own tools
find them. A destroyed key is only disabled at first: KMS keeps it for a waiting period of seven
days at least, in which an administrator can take it back, so the day of its end is told.
https://docs.aws.amazon.com/kms/latest/APIReference/
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NoReturn
from uuid import UUID

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from adapters.keys.master_keys import PURPOSE, KeyId
from domain.errors import IntegrityAlarm, KeyStoreUnavailable

PATIENCE_SECONDS: Final = 8.0
"""Less than anybody waits for us."""

WAITING_DAYS: Final = 7
"""KMS allows no less."""

NETWORK: Final = Config(
    connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
)
_ALARMS: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_DESTROYED: Final = "KMSInvalidStateException"
_UNKNOWN: Final = "NotFoundException"
_ARN_PARTS: Final = 6

Answer = dict[str, Any]


class AwsKms:
    """The KMS keys behind one alias."""

    def __init__(self, name: str) -> None:
        """Nothing is asked yet.

        Args:
            name: ``alias/...``, or the alias's ARN, which names its region too.
        """
        self._name = name
        arn = name.split(":", _ARN_PARTS - 1)
        self._alias = arn[-1]
        self._region = arn[3] if len(arn) == _ARN_PARTS else None
        self._client: Any = None

    async def newest(self) -> KeyId:
        """The ARN of the key that the alias leads to."""
        return str((await self._describe(self._name))["Arn"])

    async def ids(self) -> Sequence[KeyId]:
        """The newest: KMS does not say where an alias led before."""
        return (await self.newest(),)

    async def wrap(self, key_id: KeyId, secret: bytes, workspace_id: UUID) -> bytes:
        """Wrap a workspace's secret."""
        context = _context(workspace_id)
        answer = await self._ask("encrypt", KeyId=key_id, Plaintext=secret, **context)
        return bytes(answer["CiphertextBlob"])

    async def unwrap(self, key_id: KeyId, wrapped: bytes, workspace_id: UUID) -> bytes:
        """Unwrap it again."""
        if not wrapped:
            raise IntegrityAlarm("authentication")
        context = _context(workspace_id)
        answer = await self._ask("decrypt", KeyId=key_id, CiphertextBlob=wrapped, **context)
        if answer["KeyId"] != key_id:
            raise IntegrityAlarm("authentication")
        return bytes(answer["Plaintext"])

    async def create(self) -> KeyId:
        """Make a key for whom the last one was, and lead the alias to it."""
        policy = await self._ask("get_key_policy", KeyId=await self.newest(), PolicyName="default")
        made = await self._ask(
            "create_key", Policy=policy["Policy"], Description="Ringledger's master key"
        )
        key_id = str(made["KeyMetadata"]["Arn"])
        await self._ask("update_alias", AliasName=self._alias, TargetKeyId=key_id)
        return key_id

    async def destroy(self, key_id: KeyId) -> datetime:
        """Have it destroyed; the day on which KMS does so."""
        try:
            described = await self._describe(key_id)
        except _UnknownKey:
            return datetime.now(UTC)
        if "DeletionDate" not in described:
            described = await self._ask(
                "schedule_key_deletion",
                KeyId=key_id.rpartition("/")[2],
                PendingWindowInDays=WAITING_DAYS,
            )
        gone_from: datetime = described["DeletionDate"]
        return gone_from.astimezone(UTC)

    async def _describe(self, key_id: str) -> Answer:
        answer: Answer = (await self._ask("describe_key", KeyId=key_id))["KeyMetadata"]
        return answer

    async def _ask(self, operation: str, **parameters: object) -> Answer:
        """Ask KMS in a thread, and not for ever."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await asyncio.to_thread(self._call, operation, parameters)
        except TimeoutError:
            raise KeyStoreUnavailable("AWS KMS does not answer") from None
        except ClientError as error:
            _refuse(error)
        except BotoCoreError as error:
            raise KeyStoreUnavailable(f"AWS KMS: {type(error).__name__}") from None

    def _call(self, operation: str, parameters: dict[str, object]) -> Answer:
        if self._client is None:
            session = botocore.session.get_session()
            self._client = session.create_client("kms", self._region, config=NETWORK)
        call: Callable[..., Answer] = getattr(self._client, operation)
        return call(**parameters)


class _UnknownKey(KeyStoreUnavailable):
    """KMS has no such key."""


def _context(workspace_id: UUID) -> dict[str, Any]:
    return {"EncryptionContext": {"purpose": PURPOSE, "workspace_id": str(workspace_id)}}


def _refuse(error: ClientError) -> NoReturn:
    """What KMS says no with, without the text: it quotes names of accounts."""
    code = str(error.response["Error"]["Code"])
    if code in _ALARMS:
        raise IntegrityAlarm("authentication") from None
    if code == _UNKNOWN:
        raise _UnknownKey("AWS KMS: there is no such key") from None
    raise KeyStoreUnavailable(f"AWS KMS: {code}") from None
