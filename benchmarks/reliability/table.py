"""The table of `docs/reliability.md`, from `results/reliability/*.json`.

python benchmarks/reliability/table.py            # writes it into the page
python benchmarks/reliability/table.py --check    # exits 1 where the page says something else
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "reliability"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- begin: benchmarks/reliability/table.py -->", "<!-- end -->"


def table(results: Path = RESULTS) -> str:
    """Markdown: a row for each recorded run."""
    lines = ["| what was tried | cases | outcomes | lost or half-written | script |", "|---|---|---|---|---|"]
    for path in sorted(results.glob("*.json")):
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        outcomes = "<br>".join(f"{words}: {count:,}" for words, count in run["outcomes"].items())
        cells = [run["what"], f"{run['cases']:,}", outcomes, f"{run['lost']:,}", f"`{path.stem}.py`"]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def put(page: str, rows: str) -> str:
    """The page with these rows between its markers."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{rows}\n{END}{after}"


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    wanted = put(page, table())
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, encoding="utf-8")
    elif page != wanted:
        print(f"{PAGE.name} is not what the results say: run python {sys.argv[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
