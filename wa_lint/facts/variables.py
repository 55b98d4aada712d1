"""Environment variables, hyperparameters and defaults of pipeline parameters: what containers and functions are given.

It asks whether one is a secret in plain text, and which models of a public hub a container loads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from wa_lint.cel.types import BOOL, DYN, STRING, Function, ListType
from wa_lint.facts.fact import Fact, Record, cells_at, gathered, seen, unseen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.redact import mask, mask_by_name
from wa_lint.redact.telling_names import NO, SECRET, telling
from wa_lint.truth import Truth

_S: Final = "AWS::SageMaker::"
_PIPELINE: Final = _S + "Pipeline"

_MAPS: Final[Mapping[str, Sequence[str]]] = {
    _S + "Model": ("PrimaryContainer.Environment", "Containers[].Environment"),
    _S + "InferenceComponent": ("Specification.Container.Environment", "Specifications[].Container.Environment"),
    _S + "ModelPackage": ("InferenceSpecification.Containers[].Environment",),
    _S + "TrainingJob": ("Environment", "HyperParameters"),
    _S + "ProcessingJob": ("Environment",),
    _S + "TransformJob": ("Environment",),
    _S + "OptimizationJob": ("OptimizationEnvironment",),
    **{
        f"{_S}{kind}JobDefinition": (f"{kind}AppSpecification.Environment",)
        for kind in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
    },
    _S + "MonitoringSchedule": ("MonitoringScheduleConfig.MonitoringJobDefinition.Environment",),
    "AWS::BedrockAgentCore::Runtime": ("EnvironmentVariables",),
    "AWS::Lambda::Function": ("Environment.Variables",),
    "AWS::Glue::Job": ("DefaultArguments",),
}
"""Maps of names to values."""

_PAIRS: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "AWS::ECS::TaskDefinition": ("Name", ("ContainerDefinitions[].Environment[]",)),
    "AWS::CodeBuild::Project": ("Name", ("Environment.EnvironmentVariables[]",)),
    _S + "AppImageConfig": (
        "Key",
        tuple(
            f"{app}AppImageConfig.ContainerConfig.ContainerEnvironmentVariables[]"
            for app in ("JupyterLab", "CodeEditor")
        ),
    ),
}
"""The member that is the name, and lists of maps with it and Value."""

_BODY: Final = "PipelineDefinition.PipelineDefinitionBody"


# --- facts ------------------------------------------------------------------------------------------


def variables(home: Cell) -> list[Cell] | Partial:
    """Return a map of `name` and `value` for each variable, at its value."""
    found, reason = seen(_variables(home))
    return gathered(found, reason)


def _variables(home: Cell) -> Iterator[Cell]:
    for path in _MAPS.get(home.resource.type, ()):
        for holder in cells_at(home, path):
            yield from _in_map(holder)
    name, paths = _PAIRS.get(home.resource.type, ("", ()))
    for pair in (pair for path in paths for pair in cells_at(home, path)):
        kind = pair.select("Type")
        if isinstance(kind.value, Unknown | Unresolved):
            yield kind.with_value(Unknown(kind.value.reason))
        elif kind.value not in _REFERENCES:
            yield _named(pair.select("Value"), pair.select(name))
    if home.resource.type == _PIPELINE:
        yield from _parameters(home)


_REFERENCES: Final = ("PARAMETER_STORE", "SECRETS_MANAGER")
"""Types of variables in CodeBuild whose value is the name of a secret."""


def _in_map(holder: Cell) -> Iterator[Cell]:
    if not isinstance(holder.value, dict):
        yield holder.with_value(Unknown(unseen(holder.value) or "not a map of variables"))
        return
    for name in holder.value:
        value = holder.select(name)
        if value.value is not ABSENT:
            yield _named(value, holder.with_value(name))


def _named(value: Cell, name: Cell) -> Cell:
    """Return the variable, with a secret masked already: not every place says what the name is, which is elsewhere."""
    said = mask_by_name(name.value, value.value) if isinstance(name.value, str) else value.value
    return value.with_value({"name": name, "value": value if said is value.value else value.with_value(said)})


def _parameters(pipeline: Cell) -> Iterator[Cell]:
    """Yield the parameters of a pipeline that have a default."""
    body = pipeline
    for step in _BODY.split("."):
        body = body.select(step)
    if isinstance(body.value, Unknown):
        yield body
    for parameter in _listed(body):
        name, default = parameter.get("Name"), parameter.get("DefaultValue")
        if isinstance(name, str) and isinstance(default, str):
            yield _named(body.with_value(default), body.with_value(name))


def _listed(body: Cell) -> Iterable[Mapping[str, Value]]:
    """Return the parameters of a definition, which is a map or JSON; nothing of what is not known."""
    value = value_of(body)
    if not isinstance(value, dict):
        text = "".join(_HOLE if isinstance(part, Hole) else part for part in parts_of(value))
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            return ()
    listed = value.get("Parameters") if isinstance(value, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else ()


_HOLE: Final = "\0"


# --- secrets ----------------------------------------------------------------------------------------


def holds_secret(value: Value, name: Value) -> Truth:
    """Whether a variable is a secret in plain text, by its own look or because its name says so.

    References to a secret (an ARN, ``{{resolve:…}}``, a path) are none. What a template leaves open is judged by its
    name; a parameter with NoEcho whose name tells of a secret is one, and so is the secret of an access key. Names of
    projects are hidden too, so another parameter with NoEcho may be one.
    """
    label = name if isinstance(name, str) else ""
    if isinstance(value, str):
        return _MARK in value or mask_by_name(label, value.strip('"')) != value.strip('"')
    parts = parts_of(value)
    if not parts:
        reason = unseen(value)
        return Unknown(reason) if reason else False
    if any(isinstance(part, Hole) and part.attribute == _ACCESS_KEY for part in parts):
        return True
    if _is_hidden(value):
        names = (label, *(part.name for part in parts if isinstance(part, Hole)))
        return any(telling(name) != NO for name in names) or Unknown(unseen(value) or "hidden")
    text = "".join(" " if isinstance(part, Hole) else part for part in parts)
    if mask(text) != text:
        return True
    is_own = all(isinstance(p, Hole) and p.target is None and not p.name.startswith(_DYNAMIC) for p in parts)
    return Unknown(unseen(value) or "open") if is_own and telling(label) == SECRET else False


def _is_hidden(value: Value) -> bool:
    """Whether it is a parameter with NoEcho: `sources.template.parameters` says so in the reason."""
    return isinstance(value, Unresolved) and value.reason.endswith("is hidden (NoEcho)")


_MARK: Final = "‹secret:"  # noqa: RUF001, the mark of `redact`
_ACCESS_KEY: Final = "SecretAccessKey"
_DYNAMIC: Final = "{{resolve:"


# --- models of a hub --------------------------------------------------------------------------------

_MODEL_NAMES: Final = ("HF_MODEL_ID", "OPTION_MODEL_ID", "SM_VLLM_MODEL", "MODEL_ID")
_REVISION_NAMES: Final = ("HF_MODEL_REVISION", "HF_REVISION", "OPTION_REVISION", "SM_VLLM_REVISION", "REVISION")
"""Variables of AWS's containers for Hugging Face, DJL Serving, text generation inference and vLLM."""


def hub_models(home: Cell) -> list[Cell] | Partial:
    """Return a map of `model` and `revision` for each container that loads a model from a hub, at the model."""
    holders, reason = seen(h for path in _MAPS[home.resource.type] for h in cells_at(home, path))
    return gathered((found for holder in holders if (found := _hub_model(holder)) is not None), reason)


def _hub_model(environment: Cell) -> Cell | None:
    model = next((cell for cell in map(environment.select, _MODEL_NAMES) if cell.value is not ABSENT), None)
    if model is None:
        return None
    head = next(iter(parts_of(model.value)), None)
    if isinstance(head, str) and head.startswith(("/", "s3:")):
        return None
    revisions = [cell for cell in map(environment.select, _REVISION_NAMES) if cell.value is not ABSENT]
    none = "" if isinstance(head, str) else Unknown(unseen(model.value) or "not the name of a model")
    return model.with_value({"model": model, "revision": revisions[0] if revisions else model.with_value(none)})


# --- the table --------------------------------------------------------------------------------------

VARIABLE: Final = Record("variable", {"name": STRING, "value": DYN})
HUB_MODEL: Final = Record("hub_model", {"model": STRING, "revision": STRING})

FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(
            type_,
            "",
            "variables",
            (),
            ListType(VARIABLE),
            "The configuration of its containers: `name` and `value` of each variable, hyperparameter or parameter.",
            variables,
        )
        for type_ in (*_MAPS, *_PAIRS, _PIPELINE)
    ),
    *(
        Fact(
            _S + kind,
            "",
            "hub_models",
            (),
            ListType(HUB_MODEL),
            "The models of a public hub that its containers load: `model`, and `revision`, empty without one.",
            hub_models,
        )
        for kind in ("Model", "InferenceComponent", "ModelPackage")
    ),
)

FUNCTIONS: Final[tuple[Function, ...]] = (Function("holds_secret", (DYN, STRING), BOOL, holds_secret),)
