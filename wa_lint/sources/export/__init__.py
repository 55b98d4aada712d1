"""The export source: what somebody saved of an account, our own snapshots or the answers of the AWS CLI."""
