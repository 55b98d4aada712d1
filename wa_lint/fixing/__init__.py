"""Changes the text of a template so that findings go away, and nothing else of it. Reads and writes no file.

A rule's `edits` say what to set. `patch` makes of them, for one finding, what to set where in its template; `edit_text`
says which characters that changes; `rounds` applies many, each checked by `structure`. What is not at a place that can
be changed safely is `NotMechanical`, with the reason, and left to the user.
"""

from wa_lint.fixing.patch import Patch, effects_of, is_of_type, patch_of
from wa_lint.fixing.rounds import Rewritten, edits_of, obstacle, rewritten
from wa_lint.fixing.text_edit import NotMechanical

__all__ = [
    "NotMechanical",
    "Patch",
    "Rewritten",
    "edits_of",
    "effects_of",
    "is_of_type",
    "obstacle",
    "patch_of",
    "rewritten",
]
