"""How a CDK app checks itself: synthesize the stack in a unit test, and hand the template to wa-lint."""

from __future__ import annotations

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template
from stack import ServingStack

from wa_lint import assert_well_architected


def test_the_stack_has_no_severe_finding() -> None:
    stack = ServingStack(App(), "Serving")
    assert_well_architected(Template.from_stack(stack).to_json(), severity="high")


def test_root_access_to_the_notebook_would_be_found() -> None:
    stack = ServingStack(App(), "Serving", root_access="Enabled")
    with pytest.raises(AssertionError, match=r"high notebook-root-access Notebook: RootAccess is Enabled"):
        assert_well_architected(Template.from_stack(stack).to_json(), severity="high")
