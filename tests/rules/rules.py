#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""rules.py ROOT COMPILER: the include rules, and the lengths of headers and lines."""
import pathlib
import re
import subprocess
import sys

root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
library = root / "include/lamina"
include = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
most_lines, most_columns = 300, 100
hana, xsimd, tbb = r"^boost/", r"^xsimd/", r"^(oneapi/)?tbb/|^oneapi/"


def includes(header):
    """What a file of ours includes itself."""
    text = header.read_text(encoding="utf-8")
    return [match[1] for line in text.splitlines() if (match := include.match(line))]


def reached(header, seen=None):
    """What a header of ours includes, directly and through others of ours, with the way there."""
    seen = {} if seen is None else seen
    for name in includes(header):
        if name not in seen:
            seen[name] = header
            if (ours := root / "include" / name).is_file():
                reached(ours, seen)
    return seen


def area(header):
    parts = header.relative_to(library).parts
    return parts[0] if len(parts) > 1 else ""


def is_type_level(header):
    return header.name != "lamina.hpp" and \
        area(header) in ("", "augment", "preprocess", "layers", "fusion", "plan")


def forbidden(header):
    """Pairs of what the header must not reach and why."""
    if is_type_level(header):
        yield xsimd, "the type level is free of xsimd"
        yield tbb, "the type level is free of TBB"
        yield r"^lamina/(kernels|execution|train|io)/", "the type level knows no run time"
    if area(header) == "kernels":
        yield hana, "kernels know no Hana"
        yield r"^lamina/(layers|fusion|plan|execution|train)/|^lamina/(network|shape)\.hpp",\
            "kernels know no layer"


def broken_includes():
    for header in sorted(library.rglob("*.hpp")):
        where = header.relative_to(root)
        for name, by in reached(header).items():
            for pattern, reason in forbidden(header):
                if re.search(pattern, name):
                    yield f"{where}: reaches <{name}> by {by.relative_to(root)}: {reason}"
        for name in includes(header):
            if re.search(tbb, name) and area(header) not in ("execution", "train", "bench"):
                yield f"{where}: includes <{name}>: TBB stands in execution/, train/ and bench/"
            if re.search(r"^benchmark/", name) and area(header) != "bench":
                yield f"{where}: includes <{name}>: Google Benchmark stands in bench/ alone"
            if re.search(xsimd, name) and area(header) != "kernels":
                yield f"{where}: includes <{name}>: xsimd stands in kernels/ alone"


def slow_includes_of_the_language():
    """The compiler's own list of what <lamina/network.hpp> drags in."""
    network = library / "network.hpp"
    if network.is_file():
        listed = subprocess.run([compiler, "-std=c++20", "-M", f"-I{root}/include", network],
                                check=True, capture_output=True, text=True).stdout
        for path in listed.split():
            if re.search(r"/(xsimd|tbb|oneapi)/|/iostream$", path):
                yield f"include/lamina/network.hpp: drags in {path}"


def too_long():
    folders = ("include", "models", "src", "tools", "examples", "tests", "bench")
    for folder in folders:
        for file in sorted((root / folder).rglob("*.[hc]pp")):
            lines = file.read_text(encoding="utf-8").splitlines()
            if file.suffix == ".hpp" and len(lines) > most_lines:
                yield f"{file.relative_to(root)}: {len(lines)} lines, {most_lines} at most"
            for number, line in enumerate(lines, 1):
                if len(line) > most_columns and not line.startswith("// error: "):
                    yield f"{file.relative_to(root)}:{number}: {len(line)} columns"


found = [*broken_includes(), *slow_includes_of_the_language(), *too_long()]
print("\n".join(found))
sys.exit(1 if found else 0)
