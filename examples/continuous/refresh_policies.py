"""Write the least policy of a scan into the recipes: what `wa-lint iam-policy` prints for all rules.

    python examples/continuous/refresh_policies.py [--check]

Run it when a new version of wa-lint has rules that read more.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BEGIN, END = "# begin of what is generated", "# end of what is generated"

KEEP = [
    {"Sid": "KeepHistory", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
     "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/wa-lint.db"},
    {"Sid": "SaysThatThereIsNoHistoryYet", "Effect": "Allow", "Action": "s3:ListBucket",
     "Resource": "arn:aws:s3:::amzn-s3-demo-bucket"},
]  # fmt: skip


def main() -> int:
    command = [sys.executable, "-m", "wa_lint", "iam-policy", "--no-config"]
    policy = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603, our own
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] not in {"ListAccounts", "EnterAccounts"}]
    files = {
        HERE / "nightly" / "policy.json": json.dumps({**policy, "Statement": [*policy["Statement"], *KEEP]}, indent=2)
        + "\n",
        HERE / "scheduled" / "template.yaml": _with_policy(HERE / "scheduled" / "template.yaml", policy),
    }
    stale = [file for file, text in files.items() if not file.exists() or file.read_text("utf-8") != text]
    if "--check" in sys.argv:
        for file in stale:
            sys.stderr.write(f"{file} is not up to date: run {Path(__file__).name}\n")
        return 1 if stale else 0
    for file in stale:
        file.write_text(files[file], "utf-8")
    return 0


def _with_policy(file: Path, policy: Any) -> str:
    """Return the template with the policy between its two marks, as YAML."""
    before, _, rest = file.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    indent = " " * 12
    lines = ['Version: "2012-10-17"', "Statement:"]
    for one in policy["Statement"]:
        lines += [f"  - Sid: {one['Sid']}", f"    Effect: {one['Effect']}", "    Action:"]
        lines += [f"      - {action}" for action in _listed(one["Action"])]
        lines += ["    Resource:", *(f'      - "{resource}"' for resource in _listed(one["Resource"]))]
    return f"{before}{BEGIN}\n" + "".join(f"{indent}{line}\n" for line in lines) + f"{indent}{END}{after}"


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


if __name__ == "__main__":
    sys.exit(main())
