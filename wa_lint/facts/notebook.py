"""Whether what runs at the start stops a notebook or a Studio app that is idle. It reads scripts, and runs nothing.

A script stops what is idle where its text says so, in the words that AWS's samples and the API use for it. It does not
if all of it is known and says nothing of the kind. Where it runs another file, or a parameter could be a
command, that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact, unseen
from wa_lint.facts.scripts import script_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Resource, Unknown, Unresolved, Value
from wa_lint.truth import Truth

_NOTEBOOK: Final = "AWS::SageMaker::NotebookInstance"
_NOTEBOOK_CONFIG: Final = "AWS::SageMaker::NotebookInstanceLifecycleConfig"
_DOMAIN: Final = "AWS::SageMaker::Domain"
_STUDIO_CONFIG: Final = "AWS::SageMaker::StudioLifecycleConfig"

_APPS: Final = (
    "JupyterLabAppSettings",
    "CodeEditorAppSettings",
    "JupyterServerAppSettings",
    "KernelGatewayAppSettings",
)
"""The settings of a domain's users that can name lifecycle configurations."""

_STOPS: Final = re.compile(
    r"auto[\s_-]?(?:stop|shut[\s_-]?(?:down|off))"
    r"|idle[\s_-]?(?:stop|shut[\s_-]?down|check)"
    r"|stop[\s_-]?notebook[\s_-]?instance"
    r"|delete[\s_-]?app\b"
    r"|\bshutdown\s+(?:-[hP]\b|now\b)|\bpoweroff\b",
    re.IGNORECASE,
)
"""aws-samples' auto-stop-idle and sagemaker-studio-auto-shutdown scripts, and the calls and commands that stop an
instance or an app. Not Jupyter's own culling of kernels, after which the instance goes on billing."""

_HOLE: Final = "\0"
_COMMAND_ENDS: Final = re.compile(r"[\n;&|()`]+")
_WRITTEN: Final = re.compile(r"(?:>|\btee(?:\s+-a)?)\s*([^\s>;&|]+)")
_ASSIGNMENT: Final = re.compile(r"\w+=")
_SCRIPT_SUFFIXES: Final = (".sh", ".py")
_INTERPRETERS: Final = frozenset({"bash", "sh", "zsh", "source", ".", "python", "python2", "python3"})
_WRAPPERS: Final = frozenset({"sudo", "nohup", "exec", "time", "env", "nice", "if", "then", "else", "do", "while", "!"})
_OPTIONS_WITH_A_WORD: Final = frozenset({"-u", "-g"})


# --- facts ------------------------------------------------------------------------------------------


def notebook_stops_when_idle(notebook: Cell) -> Cell:
    """Return the answer at the script that gives it; ABSENT at LifecycleConfigName where there is no configuration.

    Only OnStart counts: OnCreate runs once, and what it leaves outside of /home/ec2-user/SageMaker, such as a crontab,
    is gone after the first stop (SageMaker developer guide, "Customization of a SageMaker notebook instance using an
    LCC script").
    """
    name = notebook.select("LifecycleConfigName")
    if name.value is ABSENT:
        return name
    if name.value == "":
        return name.with_value(False)
    config = notebook.select("lifecycle_config")
    if isinstance(config.value, Unknown):
        return name.with_value(config.value)
    hooks = config.select("OnStart")
    answers = [_answer(hook.select("Content")) for hook in hooks.items()]
    return _best(answers) or hooks.with_value(ABSENT)


def domain_stops_when_idle(domain: Cell) -> Cell:
    """Return the answer at the lifecycle configuration that gives it; ABSENT where the default settings name none."""
    settings = domain.select("DefaultUserSettings")
    answers = [_studio_answer(arn) for app in _APPS for arn in _configs(settings.select(app))]
    return _best(answers) or settings.select(_APPS[0]).with_value(ABSENT)


def _configs(app: Cell) -> Iterator[Cell]:
    """Yield what may name a lifecycle configuration: a list of ARNs, and the default of the list."""
    arns = (*app.select("LifecycleConfigArns").items(), app.select("DefaultResourceSpec").select("LifecycleConfigArn"))
    yield from (arn for arn in (*arns, app.select("BuiltInLifecycleConfigArn")) if arn.value not in (ABSENT, ""))


def _studio_answer(arn: Cell) -> Cell:
    config = _named(arn)
    if config is None:
        return arn.with_value(Unknown(unseen(arn.value) or f"the script of {arn.value} is not in this input"))
    return _answer(arn.world.cell(config).select("StudioLifecycleConfigContent"))


def _named(arn: Cell) -> Resource | None:
    id_ = arn.value.target if isinstance(arn.value, Unresolved) else arn.value
    resource = arn.world.graph.named(id_) if isinstance(id_, str) else None
    return resource if resource is not None and resource.type == _STUDIO_CONFIG else None


def _best(answers: Sequence[Cell]) -> Cell | None:
    """Return the answer that decides: one that says yes, else one that cannot tell, else the first."""
    return min(answers, key=lambda answer: _rank(answer.value), default=None)


def _rank(truth: Value) -> int:
    return 0 if truth is True else 1 if isinstance(truth, Unknown) else 2


# --- what a script does -----------------------------------------------------------------------------


def _answer(content: Cell) -> Cell:
    """Return, where the script is, whether it stops what is idle."""
    if content.value is ABSENT:
        return content.with_value(False)
    return content.with_value(stops(script_of(content.value), unseen(content.value)))


def stops(script: str | None, why_open: str | None) -> Truth:
    if script is None:
        return Unknown(why_open or "the script is not in this input")
    text = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("#"))
    if _STOPS.search(text):
        return True
    reason = _runs_unseen(text, why_open or "")
    return Unknown(reason) if reason else False


def _runs_unseen(text: str, why_open: str) -> str | None:
    """Say what it runs that is not in the input, if it does."""
    if "crontab" in text or "/etc/cron" in text:
        return "the script schedules a command that may stop it"
    written = {_base(name) for name in _WRITTEN.findall(text)}
    for command in _COMMAND_ENDS.split(text):
        run = _file_run(_unwrapped(command.split()))
        if run is not None and run.startswith(_HOLE):
            return why_open
        if run is not None and _base(run) not in written:
            return f"the script runs {run.replace(_HOLE, '…')}, which is not in this input"
    return None


def _file_run(words: Sequence[str]) -> str | None:
    """Return the file that a command runs as a script, or a hole that may be a command; None where it is a tool."""
    if not words:
        return None
    first, *rest = words
    if first.startswith(_HOLE) or first.endswith(_SCRIPT_SUFFIXES):
        return first
    if _base(first) not in _INTERPRETERS:
        return None
    file = next((word for word in rest if not word.startswith("-")), None)
    if file is None:
        return None if rest else "what is piped into it"
    return file if file.endswith((*_SCRIPT_SUFFIXES, _HOLE)) else None


def _unwrapped(words: Sequence[str]) -> Sequence[str]:
    """Drop what is before the command proper: sudo and its options, assignments, the words of an if."""
    words = [word.strip("'\"") for word in words]
    index = 0
    while index < len(words) and (words[index] in _WRAPPERS or _ASSIGNMENT.match(words[index])):
        index += 1
        while index < len(words) and words[index].startswith("-"):
            index += 2 if words[index] in _OPTIONS_WITH_A_WORD else 1
    return words[index:]


def _base(path: str) -> str:
    return path.strip("'\"").rpartition("/")[2]


FACTS: Final[tuple[Fact, ...]] = tuple(
    Fact(type_, "", "stops_when_idle", (reads,), BOOL, doc, compute, is_optional=True)
    for type_, reads, doc, compute in (
        (
            _NOTEBOOK,
            _NOTEBOOK_CONFIG,
            "Whether the script that runs at each start stops the notebook when it is idle; absent without a script.",
            notebook_stops_when_idle,
        ),
        (
            _DOMAIN,
            _STUDIO_CONFIG,
            "Whether a lifecycle configuration of the default settings stops idle apps; absent without one.",
            domain_stops_when_idle,
        ),
    )
)
