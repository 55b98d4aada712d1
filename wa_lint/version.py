"""The version of wa-lint, for anyone who writes it down."""

VERSION = "0.1.0"
