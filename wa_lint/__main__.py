"""``python -m wa_lint`` is ``wa-lint``."""

from wa_lint.cli import main

if __name__ == "__main__":
    main()
