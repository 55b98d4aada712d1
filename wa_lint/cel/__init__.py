"""The language of conditions: a strict subset of CEL, three-valued. It knows no name of AWS."""
