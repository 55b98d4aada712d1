"""A CDK stack with a SageMaker endpoint, whose test (test_stack.py) checks it with wa-lint."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

_KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


class ServingStack(Stack):
    def __init__(self, scope: Construct, id_: str, *, instances: int = 2, root_access: str = "Disabled") -> None:
        super().__init__(scope, id_)
        sagemaker.CfnEndpointConfig(
            self,
            "Config",
            kms_key_id=_KEY,
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name="main",
                    model_name="churn",
                    instance_type="ml.m7i.large",
                    initial_instance_count=instances,
                    initial_variant_weight=1,
                )
            ],
        )
        sagemaker.CfnNotebookInstance(
            self,
            "Notebook",
            instance_type="ml.t3.medium",
            role_arn="arn:aws:iam::111122223333:role/notebook",
            direct_internet_access="Disabled",
            root_access=root_access,
            subnet_id="subnet-0123456789abcdef0",
            security_group_ids=["sg-0123456789abcdef0"],
            kms_key_id=_KEY,
        )
