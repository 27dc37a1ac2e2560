"""How long something is kept, and why: hold > restriction > campaign > workspace > profile.

Pure. Whether a hold or a restriction stands is told by whoever asks, for it is known elsewhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.personal_data import Category
from domain.workspaces.profiles import REASONS, STARTS, Period, Rule, Start, days, law_of, rule_of
from domain.workspaces.words import Kept, ProfileName

Periods = Mapping[tuple[Kept, str | None], int]
"""Days by category and campaign; the campaign ``None`` is the whole workspace."""

KEPT_AS: Final[Mapping[Category, Kept]] = MappingProxyType(
    {
        Category.call_metadata: Kept.call_metadata,
        Category.recording: Kept.recordings,
        Category.transcription: Kept.recordings,
        Category.unclassified: Kept.unclassified,
        Category.dead_letter: Kept.dead_letters,
        Category.consent_evidence: Kept.consent_evidence,
        Category.account: Kept.account,
    }
)
"""By which period each kind of sealed value goes."""


class Level(StrEnum):
    """Whose rule it is, the strongest first."""

    hold = "hold"
    """A legal hold (GDPR Art. 17(3)(e)): kept for as long as it stands."""

    restriction = "restriction"
    """Art. 18: kept, and not used, for as long as it stands."""

    campaign = "campaign"
    workspace = "workspace"
    profile = "profile"


class Ruling(NamedTuple):
    """What one rule says."""

    level: Level
    period: Period | None
    """``None`` for as long as it stands."""

    source: str
    """Where the rule is from."""


class Explanation(NamedTuple):
    """How long something is kept, and why."""

    ruling: Ruling
    """The rule that holds."""

    overrides: tuple[Ruling, ...]
    """Those that would hold without it, the next one first."""

    start: Start
    """What a period is counted from."""

    reason: str
    """Why such a thing is kept at all."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What a workspace's periods rest on."""

    profile: ProfileName = ProfileName.baseline
    country: str | None = None
    periods: Periods = field(default_factory=dict)

    def explain(
        self,
        category: Kept,
        campaign: str | None,
        on: date,
        *,
        is_held: bool = False,
        is_restricted: bool = False,
    ) -> Explanation:
        """How long a thing of that category is kept by the rules of that day."""
        rule = rule_of(self.profile, category, on)
        ruling, *overrides = (
            *_standing(is_held=is_held, is_restricted=is_restricted),
            *self._chosen(category, campaign),
            self._published(rule, on),
        )
        return Explanation(ruling, tuple(overrides), STARTS[category], REASONS[category])

    def is_allowed(self, on: date) -> bool:
        """Whether every period that was chosen is one that the profile lets choose."""
        return all(
            chosen in rule_of(self.profile, category, on).choices
            for (category, _), chosen in self.periods.items()
        )

    def _chosen(self, category: Kept, campaign: str | None) -> Iterator[Ruling]:
        own = self.periods.get((category, campaign)) if campaign is not None else None
        if own is not None:
            yield Ruling(Level.campaign, days(own), "setting")
        general = self.periods.get((category, None))
        if general is not None:
            yield Ruling(Level.workspace, days(general), "setting")

    def _published(self, rule: Rule, on: date) -> Ruling:
        """The policy's number. A law that has invoices kept longer goes before it."""
        law = law_of(self.country, on) if rule.category is Kept.invoices else None
        if law is not None and law.period.length > rule.period.length:
            return Ruling(Level.profile, law.period, law.source)
        return Ruling(Level.profile, rule.period, rule.source)


def _standing(*, is_held: bool, is_restricted: bool) -> Iterator[Ruling]:
    if is_held:
        yield Ruling(Level.hold, None, "GDPR Art. 17(3)(e)")
    if is_restricted:
        yield Ruling(Level.restriction, None, "GDPR Art. 18")
