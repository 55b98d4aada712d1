"""The version of wa-lint, for whoever writes it down."""

VERSION = "0.1.0"
