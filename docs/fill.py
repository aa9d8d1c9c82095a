"""Fills the parts of pages that are made from the code, from recorded results and from the shipped bundles.

    python docs/fill.py            # writes the pages
    python docs/fill.py --check    # exits 1 where a page is out of date, and names it

Such a part lies between the lines `<!-- begin: NAME -->` and `<!-- end: NAME -->`. `PARTS` says what makes it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "benchmarks"), str(ROOT)]
MARKED = re.compile(r"(?P<begin>^<!-- begin: (?P<name>.+) -->\n).*?(?P<end>^<!-- end: (?P=name) -->$)", re.M | re.S)
BEGIN = re.compile(r"^<!-- begin: (.+) -->$", re.M)


def made_by(module: str, function: str, *arguments: object) -> Callable[[], str]:
    """A part made by a function of a module in `docs/` or `benchmarks/`, which is imported when it is needed."""

    def part() -> str:
        made: str = getattr(import_module(module), function)(*arguments)
        return made

    return part


def recorded(script: str, result: str, function: str = "table") -> Callable[[], str]:
    """A part that the script of a benchmark makes from its own results."""

    def part() -> str:
        made: str = getattr(import_module(script), function)(import_module("tables").read(result))
        return made

    return part


PARTS: dict[str, Callable[[], str]] = {
    "quality": made_by("bundle_tables", "quality"),
    "solo by emotion": made_by("bundle_tables", "by_emotion", "solo"),
    "methods on solo": made_by("bundle_tables", "methods", "solo"),
    "methods on cast": made_by("bundle_tables", "methods", "cast"),
    "leakage of solo": made_by("bundle_tables", "leakage", "solo"),
    "leakage of cast": made_by("bundle_tables", "leakage", "cast"),
    "claims": made_by("bundle_tables", "claims", "solo"),
    "sharpness": made_by("bundle_tables", "sharpness"),
    "times of training": made_by("bundle_tables", "times"),
    "presets": made_by("bundle_tables", "presets"),
    "commands": made_by("tables", "commands"),
    "speed of the generator": recorded("tables", "generator_speed", "by_cores"),
    "large faces": recorded("tables", "large_faces", "large_faces"),
    "profile of training": recorded("tables", "training_profile", "profile_by_step"),
    "speed of training": recorded("tables", "training_speed", "loops"),
    "memory of training": recorded("tables", "training_memory", "data_sets"),
    "reliability": made_by("tables", "reliability"),
    "cheermeup": made_by("command_line", "cheermeup"),
    "targets of sheets": made_by("command_line", "targets"),
    "tlgan-train": made_by("command_line", "train"),
    "tlgan-export": made_by("command_line", "export"),
    "limits": made_by("limits", "bundles"),
    "operations": made_by("http_api", "operations"),
    "limits of requests": made_by("http_api", "limits"),
    "load on the server": recorded("serving", "serving"),
    "classifiers": recorded("classifiers", "classifiers"),
    "casts": recorded("casts", "casts"),
    "students": recorded("students", "students"),
    "recipes": recorded("recipes", "recipes"),
    "pictures drawn again": recorded("redrawn", "redrawn"),
    "draws and mixtures": recorded("priors", "priors", "table"),
    "kept codes": recorded("kept_codes", "kept_codes"),
    "edit losses": recorded("edit_losses", "edit_losses", "table"),
    "time to KID": recorded("time_to_kid", "time_to_kid", "summary"),
    "learned ends": recorded("learned_ends", "learned_ends"),
    "keep": recorded("locks", "locks"),
    "pictures of one's own": recorded("own_pictures", "own_pictures", "table"),
    "visits of the page": recorded("page", "page"),
    "frames of a puppet": recorded("puppet", "puppet", "table"),
}
"""What makes the parts, by name."""
PARTS |= import_module("signatures").parts() | import_module("bundle_format").parts()


def fill(page: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """The page with its parts made again. Raises `ValueError` for a marker without an end and for an unknown name."""
    names = BEGIN.findall(page)
    found = [match["name"] for match in MARKED.finditer(page)]
    if names != found:
        raise ValueError(f"no <!-- end: NAME --> for {', '.join(sorted(set(names) - set(found)))}")
    if unknown := set(found) - set(parts):
        raise ValueError(f"nothing makes {', '.join(sorted(unknown))}")
    return MARKED.sub(lambda match: f"{match['begin']}{parts[match['name']]().rstrip()}\n{match['end']}", page)


def pages(root: Path = ROOT) -> list[Path]:
    """Every page that may have such parts."""
    return sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")])


def main(arguments: list[str]) -> int:
    outdated = []
    for path in pages():
        page = path.read_text(encoding="utf-8")
        filled = fill(page, PARTS)
        if filled != page:
            outdated.append(path.relative_to(ROOT).as_posix())
            if "--check" not in arguments:
                path.write_text(filled, encoding="utf-8")
    if "--check" in arguments:
        for name in outdated:
            print(f"{name} is out of date: run python docs/fill.py", file=sys.stderr)
        return 1 if outdated else 0
    print("\n".join(outdated) or "nothing changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
