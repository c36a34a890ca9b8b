#!/usr/bin/env python3
"""The rules of the source tree that no compiler holds: order of folders, sizes, lists of sources, width of documents.

    house.py [ROOT]     prints each breach as PLACE: WHAT; exit code 1 if there is one

Function lengths are clang-tidy's to hold (`make tidy`), formatting is clang-format's (format.py).
"""
import pathlib
import re
import sys

from private_methods import private_methods

MOST_LINES = 400
MOST_PRIVATE_METHODS = 15
WIDTH = 120
TORCH = ("torch", "ATen", "c10")
MAY_INCLUDE_TORCH = "engine"


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".cpp", ".hpp", ".h"))


def folders_of_table(root):
    """The folders of host/, in the order of the table in its README: each may use those above it."""
    return re.findall(r"^\|\s*`(\w+)/?`\s*\|", (root / "host/README.md").read_text(), re.M)


def order_of_includes(root):
    order = folders_of_table(root)
    there = sorted(path.name for path in (root / "host").iterdir() if path.is_dir())
    for name in sorted(set(there) ^ set(order)):
        where = "not in the table" if name in there else "in the table, but not there"
        yield "host/README.md", f"{name}/ is {where}"
    built = re.search(r"set\(labhost_folders ([^)]*)\)", (root / "host/CMakeLists.txt").read_text())
    if built and built[1].split() != order:
        yield "host/CMakeLists.txt", f"labhost_folders is not in the order of README.md's table: {' '.join(order)}"
    for path in sources(root / "host"):
        folder = path.relative_to(root / "host").parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s*["<]((\w+)/[^">]*)', line)
            if not include or include[1] == "torch/version.h":  # numbers only
                continue
            place = f"{path.relative_to(root)}:{number}"
            used = include[2]
            if used in TORCH and folder != MAY_INCLUDE_TORCH:
                yield place, f"only host/{MAY_INCLUDE_TORCH}/ and sdk/ may include LibTorch's headers"
            elif used in order and folder in order and order.index(used) > order.index(folder):
                yield place, f"{folder}/ may not use {used}/, which is below it in host/README.md's table"


def long_files(root):
    for path in sorted((root / "host").rglob("*")):
        if not path.is_file():
            continue
        lines = path.read_text().splitlines()
        if len(lines) > MOST_LINES and not any("Long because " in line for line in lines[:5]):
            yield path.relative_to(root), (f"{len(lines)} lines, above {MOST_LINES}, and none of its first five says"
                                           " '// Long because ...'")


def wide_documents(root):
    """Tables, code blocks and what has no space to break at may be wider."""
    for path in [root / "README.md", root / "host/README.md", *sorted((root / "docs").glob("*.md")),
                 *sorted((root / "docs/decisions").glob("*.md"))]:
        fence = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            mark = re.match(r"\s*(```+|~~~+)", line)
            if mark and (fence is None or mark[1].startswith(fence)):
                fence = None if fence else mark[1]
            elif fence is None and len(line) > WIDTH and not line.lstrip().startswith("|") and \
                    re.search(r"\S\s+\S", re.sub(r"^\s*([-*]|\d+\.)\s+", "", line)[:WIDTH]):
                yield f"{path.relative_to(root)}:{number}", f"{len(line)} columns, above {WIDTH}"


def listed_in(cmake_file):
    text = re.sub(r"#.*", "", cmake_file.read_text())
    return {name for name in re.findall(r"[^\s()\"]+\.cpp\b", text) if "$" not in name}


def unlisted_sources(root):
    host = root / "host"
    at_top = listed_in(host / "CMakeLists.txt")
    for folder in sorted(path for path in host.iterdir() if path.is_dir()):
        there = {str(path.relative_to(folder)) for path in folder.rglob("*.cpp")}
        list_file = folder / "CMakeLists.txt"
        listed = listed_in(list_file) if list_file.exists() else set()
        for name in sorted(there - listed):
            if f"{folder.name}/{name}" not in at_top:
                yield list_file.relative_to(root), f"{name} is not listed"
        for name in sorted(listed - there):
            yield list_file.relative_to(root), f"{name} is listed, but not there"


def classes_of_many_private_methods(root):
    for path in sources(root / "host"):
        for name, count in private_methods(path.read_text()):
            if count > MOST_PRIVATE_METHODS:
                yield path.relative_to(root), f"class {name} has {count} private methods, above {MOST_PRIVATE_METHODS}"


def loops_over_what_is_gone(root):
    """`for (x : f().at(i))`: until C++23 what f returned by value is gone before the first turn, and the loop may pass
    over nothing."""
    call = r"(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))"
    part = r"\s*(?:\.(?:at|items|front|back)\(|\[)"
    loop = re.compile(rf"for \([^;:()]*(?:\[[^\]]*\])? :\s*(?:[\w:]+::)?\w+{call}{part}")
    for folder in ("host", "sdk", "plugins", "tests"):
        for path in sources(root / folder):
            text = path.read_text()
            for match in loop.finditer(text):
                yield f"{path.relative_to(root)}:{text.count(chr(10), 0, match.start()) + 1}", (
                    "a loop over a part of what a call returns: keep that in a variable first")


def types_of_one_name(root):
    """Two classes of one name in a namespace are undefined behaviour that no linker speaks of."""
    places = {}
    for path in sources(root / "host"):
        if path.suffix == ".cpp":
            continue
        namespaces = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if opened := re.match(r"namespace(?: ([\w:]+))? \{", line):
                namespaces.append(opened[1] or "")
            elif line.startswith("}  // namespace"):
                namespaces.pop()
            elif (defined := re.match(r"(?:struct|class|enum class) ([\w:]+)[^;]*\{", line)) and "" not in namespaces:
                name = "::".join((*namespaces, defined[1]))
                place = f"{path.relative_to(root)}:{number}"
                if name in places:
                    yield place, f"{name} is defined in {places[name]}, too"
                places.setdefault(name, place)


def decisions_without_the_form(root):
    """Number and title, the day, What, Why, Tried else; and a row of the index."""
    folder = root / "docs/decisions"
    index = (folder / "README.md").read_text()
    for path in sorted(folder.glob("[0-9]*.md")):
        text = path.read_text()
        place = path.relative_to(root)
        head = re.match(r"# (\d+)\. (.+)\n\n(\d{4}-\d\d-\d\d)\n\n", text)
        if not head or int(head[1]) != int(path.name[:4]):
            yield place, "does not begin with '# NUMBER. TITLE' and the day, YYYY-MM-DD"
        elif (row := f"| {head[1]} | [{head[2]}]({path.name}) | {head[3]} |") not in index:
            yield place, f"docs/decisions/README.md has no row '{row} ... |'"
        if re.findall(r"^\*\*(What|Why|Tried else)\.\*\*", text, re.M) != ["What", "Why", "Tried else"]:
            yield place, "has not the parts **What.** **Why.** **Tried else.**, in this order"


RULES = (order_of_includes, long_files, wide_documents, unlisted_sources, classes_of_many_private_methods,
         loops_over_what_is_gone, types_of_one_name, decisions_without_the_form)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    breaches = [breach for rule in RULES for breach in rule(root)]
    for place, what in breaches:
        print(f"{place}: {what}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
