"""The language server: findings in an editor while somebody types, hover, fixes, completion.

`language_session` speaks the protocol, the other modules know none. Only what an editor opens is judged, and beside it
what a template names in its own folder; nothing is written: changes are offered, and the editor makes them.
"""
