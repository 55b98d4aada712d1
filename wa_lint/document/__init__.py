"""Bytes to values, with the place of each and the comments between. Knows YAML and JSON, and judges nothing.

YAML is read by its 1.2 core rules: no dates, no yes and no, no sexagesimals. A number with a leading zero stays
text, for it is an account id. CloudFormation's short tags become their long form: ``!Ref A`` is ``{"Ref": "A"}``.
"""

from wa_lint.document.file_kind import read_document
from wa_lint.document.positions import Comment, Document, Number, Place

__all__ = ["Comment", "Document", "Number", "Place", "read_document"]
