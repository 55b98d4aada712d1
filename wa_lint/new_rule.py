"""The text of a new rule file: complete in form, and rejected by ``wa-lint test`` until its author has filled it in."""

from __future__ import annotations

from wa_lint import schema
from wa_lint.rule_names import names_of_ours

_TEMPLATE = """\
id: {id}
title: TODO one sentence that says what is wrong
severity: medium  # low, medium, high or critical
step: {step}  # {steps}
practices: [MLSEC03-BP01]  # TODO the best practices of the ML Lens that it decides; the first gives the pillar
applies_to: {type}
# for_each: resource.Items  # one finding for each item, which expressions call item
# where: has(resource.{property})  # when the rule applies at all
require: >-
  has(resource.{property})
message: "TODO what is wrong, then the consequence; {{resource.{property}}} shows a value."
why: |
  TODO the reason, in sentences that can be read alone.
fix: |
  TODO what to set, and what to watch out for.
# snippet: |
#   Name:
#     Type: {type}
#     Properties: {{}}
references:
  - https://docs.aws.amazon.com/TODO
examples:
  - name: it is set
    expect: pass
    template:
      Resources:
        Subject: {{Type: {type}, Properties: {{{property}: TODO}}}}
  - name: it is not set
    expect: fail
    at: {property}
    template:
      Resources:
        Subject: {{Type: {type}, Properties: {{}}}}
  # TODO an example that expects unknown, and one that expects not applicable if there is a where
# Properties of {type}: {properties}
# Links and facts: {ours}
"""

_STEPS = (
    "data-ingestion, data-preparation, feature-engineering, training, evaluation-and-tuning, deployment, inference, "
    "monitoring-and-retraining"
)


def text_of_new_rule(id_: str, type_: str) -> str:
    """Return the rule file for a rule `id_` about resources of `type_`, which must be a known type."""
    properties = sorted(schema.resource_type(type_).members())
    optional = [name for name in properties if not schema.resource_type(type_).required(name)]
    return _TEMPLATE.format(
        id=id_,
        type=type_,
        step="deployment",
        steps=_STEPS,
        property=(optional or properties or ["Name"])[0],
        properties=", ".join(properties),
        ours=", ".join(sorted(names_of_ours(type_))) or "none",
    )


def folder_of(type_: str) -> str:
    """Return the folder that the rules of a service are in: ``sagemaker`` for ``AWS::SageMaker::Model``."""
    parts = type_.split("::")
    return parts[1].lower() if len(parts) > 1 else "other"
