"""Intrinsic functions and conditions: what a value of a template is in one scenario."""
