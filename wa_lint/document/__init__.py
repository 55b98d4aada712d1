"""Bytes to values, with the place of each and the comments between. Knows YAML and JSON, and judges nothing.

YAML is read by its 1.2 core rules: no dates, no yes and no, no sexagesimals. A number with a leading zero stays
text, for it is an account id. CloudFormation's short tags become their long form: ``!Ref A`` is ``{"Ref": "A"}``.
"""

from wa_lint.document.from_yaml import scalars_of, yaml_documents
from wa_lint.document.places import Comment, Document, Number, Place
from wa_lint.document.reading import read_document

__all__ = ["Comment", "Document", "Number", "Place", "read_document", "scalars_of", "yaml_documents"]
