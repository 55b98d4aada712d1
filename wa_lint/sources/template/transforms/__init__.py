"""What CloudFormation does to a template before it reads it: loops, includes, SAM, OpenAPI documents."""
