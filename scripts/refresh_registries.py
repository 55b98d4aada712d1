# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/aws_registries.json`: the accounts whose ECR registries hold SageMaker's images. Build time only.

    git clone --depth 1 https://github.com/aws/sagemaker-python-sdk CHECKOUT
    python scripts/refresh_registries.py CHECKOUT [--date 2026-12-01]

The SDK (Apache-2.0) keeps a file for each kind of image that AWS publishes, with the account by region. Of these files
only the account ids are facts that wa-lint needs. `frameworks` is AWS's table of the ends of patching, copied by hand.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import subprocess
from pathlib import Path
from typing import Final

_OUT: Final = Path(__file__).parents[1] / "wa_lint" / "data" / "aws_registries.json"

_FRAMEWORKS: Final = {
    "pytorch": {
        "1.13": "2024-10-28",
        "2.0": "2024-03-15",
        "2.1": "2024-10-04",
        "2.2": "2025-01-30",
        "2.3": "2025-04-24",
        "2.4": "2025-07-24",
        "2.5": "2025-10-29",
        "2.6": "2026-06-30",
        "2.7": "2026-04-23",
        "2.8": "2026-08-06",
        "2.9": "2026-10-15",
        "2.10": "2027-01-21",
    },
    "tensorflow": {
        "2.14": "2024-09-26",
        "2.16": "2025-03-07",
        "2.18": "2025-10-24",
        "2.19": "2026-03-11",
    },
    "mxnet": {"1.9": "2023-10-01"},
}
"""Framework -> version -> the day after which AWS Deep Learning Containers with it get no security patches. Versions
before the first had ended before it. PyTorch 2.6: of inference; training ended 2026-01-29. Source: Framework Support
Policy of AWS Deep Learning Containers, docs/reference/support_policy.md at e8e9df1b, and
https://aws.github.io/deep-learning-containers/reference/support_policy (read 2026-12-01)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--date", default=dt.datetime.now(dt.UTC).date().isoformat())
    given = parser.parse_args()
    files = sorted(given.checkout.glob("**/image_uri_config/*.json"))
    accounts = sorted({one for file in files for one in re.findall(r'"(\d{12})"', file.read_text("utf-8"))})
    head = ["git", "-C", str(given.checkout), "rev-parse", "HEAD"]
    commit = subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, a fixed command
    table = {
        "source": f"image_uri_config of github.com/aws/sagemaker-python-sdk at {commit[:8]}; {_POLICY}",
        "version": 1,
        "date": given.date,
        "accounts": accounts,
        "frameworks": _FRAMEWORKS,
    }
    _OUT.write_text(json.dumps(table, separators=(",", ":")) + "\n", "utf-8")


_POLICY: Final = "Framework Support Policy of AWS Deep Learning Containers"

if __name__ == "__main__":
    main()
