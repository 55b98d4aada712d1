"""The live source: a running account, read through boto3 with read-only calls."""
