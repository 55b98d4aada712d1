"""The Well-Architected review, pre-filled: what a report and people's answers say of each practice. It reads no files
but those of the package, and prints nothing.
"""
