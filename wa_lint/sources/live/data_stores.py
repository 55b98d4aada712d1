"""The collector table, for what holds the data of a workload: file systems, tables, databases, indexes, streams.

Data only. Of all but Glue's transforms only what other resources name is kept. Topics and queues are not here: their
calls return maps whose keys botocore does not know.
"""

from __future__ import annotations

from wa_lint.sources.live.collector import ApiCall, Collector

_TABLE = {"TableName": "TableName"}
_FILES = {"FileSystemId": "FileSystemId"}

_TABLES = Collector(
    type="AWS::DynamoDB::Table",
    service="dynamodb",
    named_by=("{TableName}", "table/{TableName}"),
    listing=ApiCall(operation="ListTables", items="TableNames", item_name="TableName"),
    describe=(
        ApiCall(operation="DescribeTable", request=_TABLE, within="Table"),
        ApiCall(operation="DescribeContinuousBackups", request=_TABLE, fills=("ContinuousBackupsDescription",)),
    ),
    name="{TableName}",
    arn="{TableArn}",
    renames={
        "BillingModeSummary.BillingMode": "BillingMode",
        "TableClassSummary.TableClass": "TableClass",
        "SSEDescription.KMSMasterKeyArn": "SSESpecification.KMSMasterKeyId",
        "SSEDescription.SSEType": "SSESpecification.SSEType",
    },
)

_FILE_SYSTEMS = (
    Collector(
        type="AWS::EFS::FileSystem",
        service="efs",
        named_by=("{FileSystemId}", "file-system/{FileSystemId}"),
        listing=ApiCall(operation="DescribeFileSystems", items="FileSystems"),
        describe=(
            ApiCall(
                operation="DescribeBackupPolicy",
                request=_FILES,
                fills=("BackupPolicy",),
                not_configured=("PolicyNotFound",),
            ),
            ApiCall(
                operation="DescribeFileSystemPolicy",
                request=_FILES,
                fills=("FileSystemPolicy",),
                not_configured=("PolicyNotFound",),
            ),
            ApiCall(operation="DescribeLifecycleConfiguration", request=_FILES, fills=("LifecyclePolicies",)),
        ),
        name="{FileSystemId}",
        arn="{FileSystemArn}",
        renames={"Policy": "FileSystemPolicy", "Tags": "FileSystemTags"},
        documents=("FileSystemPolicy",),
    ),
    Collector(
        type="AWS::FSx::FileSystem",
        service="fsx",
        named_by=("{FileSystemId}", "file-system/{FileSystemId}"),
        listing=ApiCall(operation="DescribeFileSystems", items="FileSystems"),
        name="{FileSystemId}",
        arn="{ResourceARN}",
    ),
)

_DATABASES = (
    Collector(
        type="AWS::RDS::DBCluster",
        service="rds",
        named_by=("{DBClusterIdentifier}",),
        listing=ApiCall(operation="DescribeDBClusters", items="DBClusters"),
        name="{DBClusterIdentifier}",
        arn="{DBClusterArn}",
        renames={
            "EnabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "IAMDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "VpcSecurityGroups[].VpcSecurityGroupId": "VpcSecurityGroupIds",
            "HttpEndpointEnabled": "EnableHttpEndpoint",
            "PerformanceInsightsKMSKeyId": "PerformanceInsightsKmsKeyId",
            "DBSubnetGroup": "DBSubnetGroupName",
            "DBClusterParameterGroup": "DBClusterParameterGroupName",
            "TagList": "Tags",
        },
        ignores=("Endpoint",),  # a text here, a map in CloudFormation
    ),
    Collector(
        type="AWS::RDS::DBInstance",
        service="rds",
        named_by=("{DBInstanceIdentifier}",),
        listing=ApiCall(operation="DescribeDBInstances", items="DBInstances"),
        name="{DBInstanceIdentifier}",
        arn="{DBInstanceArn}",
        renames={
            "EnabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "IAMDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "PerformanceInsightsEnabled": "EnablePerformanceInsights",
            "VpcSecurityGroups[].VpcSecurityGroupId": "VPCSecurityGroups",
            "DBSubnetGroup.DBSubnetGroupName": "DBSubnetGroupName",
            "TagList": "Tags",
        },
    ),
)

_SEARCH = Collector(
    type="AWS::OpenSearchService::Domain",
    service="opensearch",
    named_by=("{DomainName}", "domain/{DomainName}"),
    listing=ApiCall(operation="ListDomainNames", items="DomainNames"),
    describe=(ApiCall(operation="DescribeDomain", request={"DomainName": "DomainName"}, within="DomainStatus"),),
    name="{DomainName}",
    arn="{ARN}",
    user_maps=("AdvancedOptions",),
    documents=("AccessPolicies",),
)

_STREAM = Collector(
    type="AWS::Kinesis::Stream",
    service="kinesis",
    named_by=("{StreamName}", "stream/{StreamName}"),
    listing=ApiCall(operation="ListStreams", items="StreamSummaries"),
    describe=(
        ApiCall(
            operation="DescribeStreamSummary", request={"StreamName": "StreamName"}, within="StreamDescriptionSummary"
        ),
    ),
    name="{StreamName}",
    arn="{StreamARN}",
    renames={
        "StreamName": "Name",
        "EncryptionType": "StreamEncryption.EncryptionType",
        "KeyId": "StreamEncryption.KeyId",
        "OpenShardCount": "ShardCount",
    },
)

_TRANSFORM = Collector(
    type="AWS::Glue::MLTransform",
    service="glue",
    listing=ApiCall(operation="GetMLTransforms", items="Transforms"),
    name="{Name}",
    arn="arn:{partition}:glue:{region}:{account}:mlTransform/{TransformId}",
    renames={
        "Parameters": "TransformParameters",
        "InputRecordTables": "InputRecordTables.GlueTables",
        "TransformEncryption.MlUserDataEncryption.MlUserDataEncryptionMode": (
            "TransformEncryption.MLUserDataEncryption.MLUserDataEncryptionMode"
        ),
        "TransformEncryption.MlUserDataEncryption.KmsKeyId": "TransformEncryption.MLUserDataEncryption.KmsKeyId",
    },
)

TRANSFORMS = (_TRANSFORM,)

STORES = (_TABLES, *_FILE_SYSTEMS, *_DATABASES, _SEARCH, _STREAM)
"""Read only where something names them."""
