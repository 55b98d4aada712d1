"""Documents inside a template: policies, pipeline and state machine definitions, JSON as text."""
