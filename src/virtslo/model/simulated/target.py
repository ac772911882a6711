"""The simulated cluster that a run was on: its profile, what was put over it, and its seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FITTED: Final[Mapping[str, str]] = {
    "ci": "only creation to Running is fitted; other rates and times are guesses",
    "two-core": "bursts are fitted; single VMIs and deletions are 20 to 30 % too quick",
    "two-core-shared": "made to be scaled to records; calls per object are not fitted",
}
"""What a built-in profile's figures rest on (docs/explanation/profiles.md)."""
FITTED_LIKE: Final[Mapping[str, str]] = {"ci-varied": "ci", "regressed": "ci"}
"""Profiles that are another with something changed."""


@dataclass(frozen=True, slots=True)
class SimulatedTarget:
    """The simulated cluster a run was on."""

    profile: str
    seed: int
    nodes: int
    faults: tuple[str, ...] = ()
    settings: Mapping[str, str | int | float] = field(default_factory=dict)
    """What was put over the profile, by name: `kubevirt.virtController.qps`."""
    document: Mapping[str, Any] | None = None
    """The values of a profile from a file; None for a built-in one."""

    @property
    def description(self) -> str:
        """The profile and what was put over it: `ci with kubevirt.virtController.qps=20`."""
        given = ", ".join(
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
            for name, value in sorted(self.settings.items())
        )
        return f"{self.profile} with {given}" if given else self.profile

    @property
    def fitted(self) -> str:
        """What the figures of its profile rest on; empty where that is not known."""
        if self.document is not None:
            return ""
        return FITTED.get(FITTED_LIKE.get(self.profile, self.profile), "")

    def beside_the_profile(self) -> dict[str, Any]:
        """The settings and the values of a profile from a file, where there are any."""
        facts: dict[str, Any] = {}
        if self.settings:
            facts["settings"] = dict(self.settings)
        if self.document is not None:
            facts["document"] = dict(self.document)
        return facts
