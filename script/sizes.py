"""Fail when a file is longer than 600 lines or a folder of the package holds more than 12 modules."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINES, MODULES = 600, 12


def main() -> int:
    """Print what is too large and return the exit code."""
    faults = []
    for folder in ("src", "tests", "bench", "script"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            n = len(path.read_text(encoding="utf-8").splitlines())
            if n > LINES:
                faults.append(f"{path.relative_to(ROOT)}: {n} lines, at most {LINES}: split it by idea")
    for folder in sorted({p.parent for p in (ROOT / "src").rglob("*.py")}):
        n = sum(p.name != "__init__.py" for p in folder.glob("*.py"))
        # studies, their methods and pictures are a file a study by design, and found by the catalogue
        if n > MODULES and "studies" not in folder.parts:
            faults.append(f"{folder.relative_to(ROOT)}: {n} modules, at most {MODULES}: make rooms")
    print("\n".join(faults) if faults else "sizes: fine")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
