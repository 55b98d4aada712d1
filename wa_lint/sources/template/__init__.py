"""CloudFormation templates, YAML or JSON, read into a snapshot whose values wait for a scenario."""

from wa_lint.sources.template.parameters import Pins, read_parameters
from wa_lint.sources.template.reader import looks_like_template, read_template, snapshot_of

__all__ = ["Pins", "looks_like_template", "read_parameters", "read_template", "snapshot_of"]
