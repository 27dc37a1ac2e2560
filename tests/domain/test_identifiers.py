"""Ids that must be found again are made from names; ids that must tell nothing are random."""

from uuid import UUID

from reports import WORKSPACE

from domain.identifiers import (
    bucket_id,
    call_id,
    consent_id,
    expiry_id,
    leg_id,
    new_subject_id,
    recording_id,
)

OTHER = UUID(int=7)


def test_a_call_is_found_again() -> None:
    """Ids are stored for ever: these values may never change."""
    assert call_id(WORKSPACE, "twilio", "CA1") == UUID("d344e0e0-0ea9-5569-804b-39cf69b2061f")
    assert leg_id(WORKSPACE, "twilio", "CA1") == UUID("495bfce3-f567-5d1a-9c9f-1fcc3af761ec")
    assert recording_id(WORKSPACE, "twilio", "RE1") == UUID("bea46b84-27ce-5482-ac5e-f9ac000bcd7d")
    assert expiry_id(WORKSPACE) == UUID("1d16b42a-4cd4-5a07-b730-a0cd92b656da")
    assert bucket_id(WORKSPACE, "call_metadata", "", "2026-03-02") == UUID(
        "039f9f0e-8a34-5c30-835e-2ac7f0146e23"
    )


def test_what_differs_has_another_id() -> None:
    """Another workspace, provider or leg is another call; a leg is not its call."""
    found = {
        call_id(WORKSPACE, "twilio", "CA1"),
        call_id(OTHER, "twilio", "CA1"),
        call_id(WORKSPACE, "other", "CA1"),
        call_id(WORKSPACE, "twilio", "CA2"),
        leg_id(WORKSPACE, "twilio", "CA1"),
        recording_id(WORKSPACE, "twilio", "CA1"),
        recording_id(OTHER, "twilio", "CA1"),
    }
    assert len(found) == 7


def test_a_bucket_is_of_one_day_campaign_and_category() -> None:
    """Retention ends for one bucket and for nothing beside it."""
    found = {
        bucket_id(workspace, category, campaign, day)
        for workspace in (WORKSPACE, OTHER)
        for category in ("call_metadata", "unclassified")
        for campaign in ("", "spring")
        for day in ("2026-03-02", "2026-03-03")
    }
    assert len(found) == 16


def test_a_consent_is_of_one_subject_purpose_and_kind() -> None:
    """One stream for each, found again by these three; the value may never change."""
    found = {
        consent_id(workspace, subject, purpose, kind)
        for workspace in (WORKSPACE, OTHER)
        for subject in (UUID(int=1), UUID(int=2))
        for purpose, kind in (
            ("recording", None),
            ("marketing", "calls"),
            ("marketing", "events"),
            ("sharing", "calls"),
        )
    }
    assert len(found) == 16
    assert consent_id(WORKSPACE, UUID(int=1), "marketing", "calls") == UUID(
        "0df7b677-9f8a-5440-b81e-72bd6d76a9ce"
    )


def test_a_subject_id_is_never_used_again() -> None:
    """Nothing leads from a person to their id: every new one is random (RFC 9562, version 4)."""
    found = {new_subject_id() for _ in range(100)}
    assert len(found) == 100
    assert {subject.version for subject in found} == {4}
