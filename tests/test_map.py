"""The map of the house (docs/architecture.md) is true: every file is on it, and all it names is."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAP = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([\w/]+\.py)(?:: (\w+))?`")


@cache
def files() -> list[str]:
    """Return the Python files of the house, but for tests and the numbered migrations."""
    asked = ["git", "ls-files", "-co", "--exclude-standard", "*.py"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - git, and our own words
    return sorted(
        name
        for name in listed.stdout.split()
        if not name.startswith(("tests/", "migrations/versions/")) and (ROOT / name).is_file()
    )


def story(name: str) -> str:
    """Return a file's own first sentence, as the map tells it."""
    told = ast.get_docstring(ast.parse((ROOT / name).read_text(encoding="utf-8"))) or ""
    return re.split(r"\n\s*\n", told)[0].replace("\n", " ").replace("|", "/")


def told() -> dict[str, str]:
    """Return what the map says of each file, and of each room by its `__init__.py`."""
    found: dict[str, str] = {}
    for part in MAP.split("\n### ")[1:]:
        first, *lines = part.splitlines()
        room = re.match(r"`([\w/.]+)/`(?:  (.*))?", first)
        if room is None:
            continue
        folder = "" if room[1] == "." else f"{room[1]}/"
        if room[2]:
            found[f"{folder}__init__.py"] = room[2]
        for line in lines:
            if row := re.match(r"\| `(\w+\.py)` \| (.*) \|", line):
                found[folder + row[1]] = row[2]
    return found


def test_the_map_of_the_house_tells_of_every_file_what_the_file_says_itself() -> None:
    assert told() == {name: story(name) for name in files()}


def test_every_path_that_the_map_follows_is_there() -> None:
    followed = MAP.split("## Follow one thing")[1].split("## The rooms")[0]
    named = NAMED.findall(followed)
    assert len(named) > 30
    for path, function in named:
        found = [name for name in files() if f"/{name}".endswith(f"/{path}")]
        assert found, path
        if function:
            bodies = [ast.parse((ROOT / name).read_text(encoding="utf-8")).body for name in found]
            defined = {
                node.name
                for body in bodies
                for node in body
                if isinstance(node, ast.FunctionDef | ast.ClassDef)
            }
            assert function in defined, f"{path}: {function}"
