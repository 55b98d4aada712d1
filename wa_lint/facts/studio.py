"""Whether the settings of Studio shut down what is idle. It reads no script: `notebook` does."""

from __future__ import annotations

from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown
from wa_lint.truth import Truth, equals, some

_PROFILE: Final = "AWS::SageMaker::UserProfile"
_APPS: Final = ("JupyterLabAppSettings", "CodeEditorAppSettings")
_SWITCH: Final = ("AppLifecycleManagement", "IdleSettings", "LifecycleManagement")
"""The API's UserSettings have it for profiles too; CloudFormation's schema knows it for domains only."""


def keeps_idle_apps(profile: Cell) -> Cell:
    """Whether the profile switches the domain's idle shutdown off for an app type, at the switch that does."""
    switches = [_switch(profile.select("UserSettings").select(app)) for app in _APPS]
    answers = [_is_off(switch) for switch in switches]
    place = next((s for s, answer in zip(switches, answers, strict=True) if answer is not False), switches[0])
    return place.with_value(some(answers))


def _switch(app: Cell) -> Cell:
    for name in _SWITCH:
        app = app.select(name)
    return app


def _is_off(switch: Cell) -> Truth:
    if isinstance(switch.value, Unknown):
        return switch.value
    return False if switch.value is ABSENT else equals(switch.value, "DISABLED")


FACTS: Final[tuple[Fact, ...]] = (
    Fact(_PROFILE, "", "keeps_idle_apps", (), BOOL, "Whether it switches idle shutdown off.", keeps_idle_apps),
)
