"""CloudFormation templates, YAML or JSON, read into a snapshot whose values wait for a scenario."""

from wa_lint.sources.template.broken import looks_like_broken_template
from wa_lint.sources.template.parameter_sets import Stage, pair_of, read_parameters, read_stages
from wa_lint.sources.template.parameters import Pins, refusal
from wa_lint.sources.template.stacks.one_world import MemberTemplate, snapshot_together
from wa_lint.sources.template.template_reader import looks_like_template, read_template, snapshot_of, template_within
from wa_lint.sources.template.wrapped import unwrapped

__all__ = [
    "MemberTemplate",
    "Pins",
    "Stage",
    "looks_like_broken_template",
    "looks_like_template",
    "pair_of",
    "read_parameters",
    "read_stages",
    "read_template",
    "refusal",
    "snapshot_of",
    "snapshot_together",
    "template_within",
    "unwrapped",
]
