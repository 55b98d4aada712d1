"""What becomes of findings from run to run: kept in a database, and told as lives and trends.

`sighted` says what one run tells of each finding that is known or new (pure), `ledger` keeps it (sqlite), `lives` and
`over_time` work out of it when a finding was first seen, fixed and reopened, and how many fail on each day (pure).
"""
