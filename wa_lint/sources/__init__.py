"""Sources: each reads AWS, in one of the ways it can be written down, into a snapshot."""
