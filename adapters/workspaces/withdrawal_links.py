"""Links that withdraw a consent without login: unguessable, one per consent, naming nobody.

A link is the base64 of workspace id, consent id and a code over both under a key of the
workspace's. It is stored nowhere: whoever has the workspace's key can make it again and check it.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from adapters.keys.workspace_key import WorkspaceKey

PATH: Final = "/withdraw"
_CODE_BYTES: Final = 16
_LENGTH: Final = 64


@dataclass(frozen=True, slots=True, repr=False)
class WithdrawalLink:
    """A link as somebody follows it; genuine or not."""

    workspace_id: UUID
    consent_id: UUID
    code: bytes

    @classmethod
    def of(cls, key: WorkspaceKey, consent_id: UUID) -> Self:
        """The link of a consent."""
        return cls(key.workspace_id, consent_id, key.link_code(consent_id)[:_CODE_BYTES])

    @classmethod
    def parse(cls, token: str) -> Self | None:
        """Read the last part of a link's path; ``None`` for what is not one."""
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(token) != _LENGTH or len(raw) != 32 + _CODE_BYTES:
            return None
        return cls(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:])

    @property
    def path(self) -> str:
        """Where it leads, on our own address."""
        raw = self.workspace_id.bytes + self.consent_id.bytes + self.code
        return f"{PATH}/{base64.urlsafe_b64encode(raw).decode()}"

    def is_genuine(self, key: WorkspaceKey) -> bool:
        """Whether it was made with this key. Told in constant time."""
        return hmac.compare_digest(self.code, key.link_code(self.consent_id)[:_CODE_BYTES])
