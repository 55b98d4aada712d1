"""Build hook: puts the rule book into the wheel, prepared and to read. It knows nothing of what a rule is."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PreparedRules(BuildHookInterface[Any]):
    """Adds the prepared book, which `check` reads, and `wa_lint/_rules/`, the files themselves with their examples."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # a checkout reads the YAML files
        root = Path(self.root)
        sys.path.insert(0, self.root)
        from wa_lint.packs import PREPARED, prepare  # noqa: PLC0415, only a wheel needs it, and only now is it on the path

        self._folder = tempfile.TemporaryDirectory()
        prepared = Path(self._folder.name, PREPARED)
        prepared.write_bytes(prepare(root / "rules"))
        build_data["force_include"][str(prepared)] = f"wa_lint/{PREPARED}"
        build_data["force_include"][str(root / "rules")] = "wa_lint/_rules"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        del version, build_data, artifact_path
        if hasattr(self, "_folder"):
            self._folder.cleanup()
