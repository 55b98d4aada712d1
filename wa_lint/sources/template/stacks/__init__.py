"""Several templates as one: nested stacks, exports and imports, names that they share."""
