"""What does not fail the build although it was found: suppressions and the baseline, applied to a report."""
