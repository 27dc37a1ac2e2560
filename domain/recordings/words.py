"""The closed sets of words about recordings."""

from enum import StrEnum


class RecordingStatus(StrEnum):
    """What the provider says of a recording."""

    started = "started"
    completed = "completed"
    """Its audio can be fetched."""

    absent = "absent"
    """It never came to be: too short, silent, or the provider's fault."""

    failed = "failed"


class Source(StrEnum):
    """What made the provider record."""

    message = "message"
    """The caller spoke after a tone."""

    dialed_call = "dialed_call"
    outbound_call = "outbound_call"
    conference = "conference"
    request = "request"
    """It was asked for while the call went on."""

    trunk = "trunk"


class Heard(StrEnum):
    """Whom a recording has, seen from the leg that it was made on."""

    inbound = "inbound"
    outbound = "outbound"
    both = "both"


class FetchFailure(StrEnum):
    """Why the audio could not be fetched and kept, this time or for good."""

    not_there = "not_there"
    """The provider has no audio, or none yet: it may lag behind what was reported."""

    refused = "refused"
    """The provider does not accept the workspace's credentials, or there are none."""

    unreachable = "unreachable"
    broken_off = "broken_off"
    """It ended before it was whole, again and again."""

    foreign_host = "foreign_host"
    """The provider sent us to somebody else's server."""

    too_large = "too_large"
    not_audio = "not_audio"
    """What came is nothing that the provider could have recorded."""

    no_private_key = "no_private_key"
    """It is encrypted for a key that the workspace has not given us, or has replaced."""

    not_authentic = "not_authentic"
    """It is encrypted, and was changed on its way."""

    nobody = "nobody"
    """No party of its call is known, so that there is nobody to lock it to."""

    not_enabled = "not_enabled"
    """The workspace did not have its calls recorded when this one began."""

    not_kept = "not_kept"
    """The object store did not hold what was written to it."""


class Ground(StrEnum):
    """Why a recording may not be kept, by us or by the provider."""

    no_consent = "no_consent"
    """Whoever had to agree to it had not, as the workspace wants it."""

    objection = "objection"
    """Somebody who is heard on it objected."""

    withdrawn = "withdrawn"
    """Somebody took back the consent that it rested on (GDPR Art. 7(3), 17(1)(b))."""


class Loss(StrEnum):
    """Why a track can no longer be heard."""

    erased = "erased"
    """Somebody who is heard on it was erased (GDPR Art. 17)."""

    expired = "expired"
    """Its retention period has ended."""

    forbidden = "forbidden"
    """It may not be kept: somebody had not agreed, or objected."""


class ProviderCopy(StrEnum):
    """What became of the provider's own copy."""

    kept = "kept"
    asked = "asked"
    """Its deletion was asked for and is not confirmed yet."""

    deleted = "deleted"


class Purpose(StrEnum):
    """What somebody listens for (GDPR Art. 5(1)(b), and the access log of Art. 15: C-579/21).

    A closed list: in a text of their own people write names.
    """

    quality = "quality"
    training = "training"
    complaint = "complaint"
    dispute = "dispute"
    subject_request = "subject_request"
    """Somebody asked for a copy of what is kept of them (Art. 15)."""

    legal_claim = "legal_claim"
    security = "security"
    support = "support"
