"""The collector table, for what stands around a workload: keys, images, networks, events, audit, cost. Data only.

Types of `NAMED` stand last in the table: of those only what other resources name is kept. A security group that no
notebook, function or load balancer has is another team's.
"""

from __future__ import annotations

from wa_lint.sources.live.collector import ApiCall, Collector, ListingReach

_BALANCER = {"LoadBalancerArn": "LoadBalancerArn"}

_BALANCING = (
    Collector(
        type="AWS::ElasticLoadBalancingV2::LoadBalancer",
        service="elbv2",
        listing=ApiCall(operation="DescribeLoadBalancers", items="LoadBalancers"),
        describe=(
            ApiCall(operation="DescribeLoadBalancerAttributes", request=_BALANCER, fills=("LoadBalancerAttributes",)),
        ),
        name="{LoadBalancerName}",
        arn="{LoadBalancerArn}",
        renames={
            "LoadBalancerName": "Name",
            "AvailabilityZones[].SubnetId": "Subnets[]",
            "Attributes": "LoadBalancerAttributes",
            "IpamPools.Ipv4IpamPoolId": "Ipv4IpamPoolId",
        },
        elsewhere=("SubnetMappings",),  # its subnets are listed
    ),
    Collector(
        type="AWS::ElasticLoadBalancingV2::Listener",
        service="elbv2",
        parent="AWS::ElasticLoadBalancingV2::LoadBalancer",
        listing=ApiCall(operation="DescribeListeners", request=_BALANCER, items="Listeners"),
        name="{ListenerArn}",
        arn="{ListenerArn}",
    ),
    Collector(
        type="AWS::ElasticLoadBalancingV2::ListenerRule",
        service="elbv2",
        parent="AWS::ElasticLoadBalancingV2::Listener",
        listing=ApiCall(operation="DescribeRules", request={"ListenerArn": "ListenerArn"}, items="Rules"),
        gone={"Priority": "default"},  # the listener itself says it
        name="{RuleArn}",
        arn="{RuleArn}",
    ),
    Collector(
        type="AWS::ElasticLoadBalancingV2::TargetGroup",
        service="elbv2",
        listing=ApiCall(operation="DescribeTargetGroups", items="TargetGroups"),
        describe=(
            ApiCall(
                operation="DescribeTargetHealth",
                request={"TargetGroupArn": "TargetGroupArn"},
                fills=("Targets",),
            ),
        ),
        name="{TargetGroupName}",
        arn="{TargetGroupArn}",
        renames={"TargetGroupName": "Name", "TargetHealthDescriptions[].Target": "Targets[]"},
    ),
)

_WEB_ACL_ASSOCIATION = Collector(
    # of load balancers: stages and GraphQL APIs say theirs themselves
    type="AWS::WAFv2::WebACLAssociation",
    service="wafv2",
    parent="AWS::ElasticLoadBalancingV2::LoadBalancer",
    listing=ApiCall(operation="GetWebACLForResource", request={"ResourceArn": "LoadBalancerArn"}),
    needs="WebACL",
    name="{ResourceArn}",
    id="{ResourceArn}?webacl",
    renames={"WebACL.ARN": "WebACLArn"},
    ignores=("WebACL",),
)

_TARGET = "Targets[].EcsParameters."

_EVENT_RULE = Collector(
    # of the default bus: AWS's own services, SageMaker among them, send nowhere else
    type="AWS::Events::Rule",
    service="events",
    listing=ApiCall(operation="ListRules", items="Rules"),
    describe=(
        ApiCall(
            operation="ListTargetsByRule", request={"Rule": "Name"}, items="Targets", into="Targets", fills=("Targets",)
        ),
    ),
    name="{Name}",
    arn="{Arn}",
    renames={_TARGET + "PlacementStrategy": _TARGET + "PlacementStrategies", _TARGET + "Tags": _TARGET + "TagList"},
    documents=("EventPattern",),
)

_LOG_GROUP = Collector(
    type="AWS::Logs::LogGroup",
    service="logs",
    listing=ApiCall(operation="DescribeLogGroups", items="logGroups"),
    name="{logGroupName}",
    arn="{logGroupArn}",
    camel=True,
)

_SCHEDULE = Collector(
    type="AWS::Scheduler::Schedule",
    service="scheduler",
    listing=ApiCall(operation="ListSchedules", items="Schedules"),
    describe=(ApiCall(operation="GetSchedule", request={"Name": "Name", "GroupName": "GroupName"}),),
    name="{Name}",
    arn="{Arn}",
)

_STARTED = tuple(
    f"AWS::SageMaker::{kind}Job"
    for kind in ("AutoML", "Compilation", "HyperParameterTuning", "Labeling", "Processing", "Training", "Transform")
)
"""The jobs that a task of a state machine can start."""

_STATE_MACHINE = Collector(
    type="AWS::StepFunctions::StateMachine",
    service="stepfunctions",
    listing=ApiCall(operation="ListStateMachines", items="stateMachines"),
    describe=(ApiCall(operation="DescribeStateMachine", request={"stateMachineArn": "stateMachineArn"}),),
    name="{name}",
    arn="{stateMachineArn}",
    camel=True,
    user_maps=("VariableReferences",),
    renames={"Name": "StateMachineName", "Type": "StateMachineType", "Definition": "DefinitionString"},
    ignores=("VariableReferences",),
    elsewhere=("Definition", "DefinitionS3Location", "DefinitionSubstitutions"),  # all said by the text
    texts=("DefinitionString",),
    holds=_STARTED,
)

_TRAIL = Collector(
    # a trail of several regions is listed in each of them, and read in its home region
    type="AWS::CloudTrail::Trail",
    service="cloudtrail",
    listing=ApiCall(operation="DescribeTrails", items="trailList"),
    region_member="HomeRegion",
    describe=(
        ApiCall(
            operation="GetEventSelectors",
            request={"TrailName": "TrailARN"},
            fills=("AdvancedEventSelectors", "EventSelectors"),
        ),
        ApiCall(operation="GetTrailStatus", request={"Name": "TrailARN"}, fills=("IsLogging",)),
    ),
    name="{Name}",
    arn="{TrailARN}",
    renames={
        "Name": "TrailName",
        "LogFileValidationEnabled": "EnableLogFileValidation",
        "KmsKeyId": "KMSKeyId",
        "SnsTopicARN": "SnsTopicName",
    },
)

_BUDGET_MEMBERS = (
    "AutoAdjustData",
    "BillingViewArn",
    "BudgetLimit",
    "BudgetName",
    "BudgetType",
    "CostFilters",
    "CostTypes",
    "FilterExpression",
    "Metrics",
    "PlannedBudgetLimits",
    "TimePeriod",
    "TimeUnit",
)
_NOTIFICATIONS = "NotificationsWithSubscribers"
_NOTIFICATION_MEMBERS = ("ComparisonOperator", "NotificationType", "Threshold", "ThresholdType")

_BUDGET = Collector(
    type="AWS::Budgets::Budget",
    service="budgets",
    reach=ListingReach.GLOBAL,
    listing=ApiCall(
        operation="DescribeBudgets",
        fixed={"AccountId": "{account}", "ShowFilterExpression": True},
        items="Budgets",
        action="budgets:ViewBudget",
    ),
    describe=(
        ApiCall(
            operation="DescribeNotificationsForBudget",
            request={"BudgetName": "BudgetName"},
            fixed={"AccountId": "{account}"},
            items="Notifications",
            into=_NOTIFICATIONS,
            fills=(_NOTIFICATIONS,),
            action="budgets:ViewBudget",
        ),
    ),
    name="{BudgetName}",
    arn="arn:{partition}:budgets::{account}:budget/{BudgetName}",
    renames={
        **{name: f"Budget.{name}" for name in _BUDGET_MEMBERS},
        **{f"{_NOTIFICATIONS}[].{n}": f"{_NOTIFICATIONS}[].Notification.{n}" for n in _NOTIFICATION_MEMBERS},
    },
)

_SCANNING = Collector(
    type="AWS::ECR::RegistryScanningConfiguration",
    service="ecr",
    listing=ApiCall(operation="GetRegistryScanningConfiguration"),
    name="registry-scanning",
    id="{account}/{region}/registry-scanning",
    camel=True,
    renames={"ScanningConfiguration.ScanType": "ScanType", "ScanningConfiguration.Rules": "Rules"},
)

AROUND = (
    *_BALANCING,
    _WEB_ACL_ASSOCIATION,
    _EVENT_RULE,
    _SCHEDULE,
    _LOG_GROUP,
    _STATE_MACHINE,
    _TRAIL,
    _BUDGET,
    _SCANNING,
)

# --- what is kept where it is named -----------------------------------------------------------------

_REPOSITORY_NAME = {"repositoryName": "repositoryName"}
_EXCLUSION = "ImageTagMutabilityExclusionFilters[]."

_REPOSITORY = Collector(
    type="AWS::ECR::Repository",
    service="ecr",
    named_by=("{repositoryUri}", "repository/{repositoryName}"),
    listing=ApiCall(operation="DescribeRepositories", items="repositories"),
    describe=(
        ApiCall(
            operation="GetRepositoryPolicy",
            request=_REPOSITORY_NAME,
            fills=("RepositoryPolicyText",),
            not_configured=("RepositoryPolicyNotFoundException",),
        ),
        ApiCall(
            operation="GetLifecyclePolicy",
            request=_REPOSITORY_NAME,
            fills=("LifecyclePolicy",),
            not_configured=("LifecyclePolicyNotFoundException",),
        ),
    ),
    name="{repositoryName}",
    arn="{repositoryArn}",
    camel=True,
    renames={
        "PolicyText": "RepositoryPolicyText",
        "LifecyclePolicyText": "LifecyclePolicy.LifecyclePolicyText",
        _EXCLUSION + "FilterType": _EXCLUSION + "ImageTagMutabilityExclusionFilterType",
        _EXCLUSION + "Filter": _EXCLUSION + "ImageTagMutabilityExclusionFilterValue",
    },
    documents=("RepositoryPolicyText",),
    elsewhere=("LifecyclePolicy.RegistryId",),
)

_EC2_ARN = "arn:{partition}:ec2:{region}:{OwnerId}:"
_IN, _OUT = "SecurityGroupIngress", "SecurityGroupEgress"
_RANGES = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")

_NETWORK = (
    Collector(
        type="AWS::EC2::Subnet",
        service="ec2",
        named_by=("{SubnetId}", "subnet/{SubnetId}"),
        listing=ApiCall(operation="DescribeSubnets", items="Subnets"),
        name="{SubnetId}",
        arn=_EC2_ARN + "subnet/{SubnetId}",
    ),
    Collector(
        type="AWS::EC2::VPC",
        service="ec2",
        named_by=("{VpcId}", "vpc/{VpcId}"),
        listing=ApiCall(operation="DescribeVpcs", items="Vpcs"),
        name="{VpcId}",
        arn=_EC2_ARN + "vpc/{VpcId}",
    ),
    Collector(
        type="AWS::EC2::RouteTable",
        service="ec2",
        named_by=("{VpcId}",),
        listing=ApiCall(operation="DescribeRouteTables", items="RouteTables"),
        name="{RouteTableId}",
        arn=_EC2_ARN + "route-table/{RouteTableId}",
        covers=("AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation"),
    ),
    Collector(
        type="AWS::EC2::FlowLog",
        service="ec2",
        named_by=("{ResourceId}",),
        listing=ApiCall(operation="DescribeFlowLogs", items="FlowLogs"),
        name="{FlowLogId}",
        arn="arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{FlowLogId}",
        elsewhere=("ResourceType",),
        renames={"FlowLogId": "Id"},
    ),
    Collector(
        type="AWS::EC2::VPCEndpoint",
        service="ec2",
        named_by=("{VpcId}", "{VpcEndpointId}"),
        listing=ApiCall(operation="DescribeVpcEndpoints", items="VpcEndpoints"),
        name="{VpcEndpointId}",
        arn=_EC2_ARN + "vpc-endpoint/{VpcEndpointId}",
        renames={"VpcEndpointId": "Id", "Groups[].GroupId": "SecurityGroupIds[]"},
        documents=("PolicyDocument",),
        ignores=("DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint",),  # a flag here, a word in CloudFormation
    ),
    Collector(
        type="AWS::EC2::SecurityGroup",
        service="ec2",
        named_by=("{GroupId}", "security-group/{GroupId}"),
        listing=ApiCall(operation="DescribeSecurityGroups", items="SecurityGroups"),
        name="{GroupId}",
        arn=_EC2_ARN + "security-group/{GroupId}",
        spreads={
            **{f"IpPermissions[].{part}": _IN for part in _RANGES},
            **{f"IpPermissionsEgress[].{part}": _OUT for part in _RANGES},
        },
        renames={
            "Description": "GroupDescription",
            f"{_IN}[].PrefixListId": f"{_IN}[].SourcePrefixListId",
            f"{_IN}[].GroupId": f"{_IN}[].SourceSecurityGroupId",
            f"{_IN}[].GroupName": f"{_IN}[].SourceSecurityGroupName",
            f"{_IN}[].UserId": f"{_IN}[].SourceSecurityGroupOwnerId",
            f"{_OUT}[].PrefixListId": f"{_OUT}[].DestinationPrefixListId",
            f"{_OUT}[].GroupId": f"{_OUT}[].DestinationSecurityGroupId",
        },
        ignores=("IpPermissions", "IpPermissionsEgress"),
        covers=("AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress"),
    ),
)

_KEY = {"KeyId": "KeyId"}

_KEYS = (
    Collector(
        type="AWS::KMS::Alias",
        service="kms",
        named_by=("{AliasName}",),
        listing=ApiCall(operation="ListAliases", items="Aliases"),
        name="{AliasName}",
        arn="{AliasArn}",
    ),
    Collector(
        type="AWS::KMS::Key",
        service="kms",
        named_by=("{KeyId}", "key/{KeyId}"),
        listing=ApiCall(operation="ListKeys", items="Keys"),
        describe=(
            ApiCall(
                operation="DescribeKey",
                request=_KEY,
                within="KeyMetadata",
                fills=("Description", "Enabled", "KeySpec", "KeyUsage", "MultiRegion", "Origin"),
            ),
            ApiCall(
                operation="GetKeyRotationStatus",
                request=_KEY,
                echoes=("KeyId",),  # as an ARN
                always=("KeyRotationEnabled",),
                fills=("EnableKeyRotation", "RotationPeriodInDays"),
                not_configured=("UnsupportedOperationException",),  # a kind of key that cannot rotate
            ),
            ApiCall(operation="GetKeyPolicy", request=_KEY, fixed={"PolicyName": "default"}, fills=("KeyPolicy",)),
        ),
        name="{KeyId}",
        arn="{KeyArn}",
        renames={"KeyRotationEnabled": "EnableKeyRotation", "Policy": "KeyPolicy"},
        documents=("KeyPolicy",),
        aws_managed="KeyManager",
    ),
)

NAMED = (_REPOSITORY, *_NETWORK, *_KEYS)
