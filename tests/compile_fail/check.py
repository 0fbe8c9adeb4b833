#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""check.py FILE COMPILER FLAGS...: the file compiles, and fails as it says with -DEXPECT_ERROR.

Its first lines say how:
    // error: <regular expression>   as often as needed; the error or one of its notes matches each
    // cascade                       more errors may follow the first, which is the one looked at
Without `cascade` there is exactly one error, of at most 11 lines. Not counted are the lines
`In file included from` and `from`, and the echo of the user's own source.
"""
import os
import re
import subprocess
import sys

most_lines = 11
location = re.compile(r"^(?P<file>[^\s:][^:]*):\d+(?::\d+)?: ")
error = re.compile(r"^[^\s:][^:]*:\d+(?::\d+)?: (?:fatal )?error: ")
echo = re.compile(r"^\s*(?:\d+ )?\s*\| ?")


def expectations(source):
    """The expressions and whether a cascade is allowed, from the comments at the top."""
    patterns, cascade = [], False
    for line in source.splitlines():
        if not line.startswith("//"):
            break
        if match := re.match(r"// error: (.+)", line):
            patterns.append(match[1].strip())
        cascade |= line.strip() == "// cascade"
    return patterns, cascade


def counted(lines, user):
    """The diagnostics without include chains and without the echo of the user's source."""
    kept, at = [], ""
    for line in lines:
        if re.match(r"^(In file included from|\s+from) ", line) or not line.strip():
            continue
        if match := location.match(line):
            at = match["file"]
        if echo.match(line) and at == user:
            continue
        kept.append(line)
    return kept


def complaints(text, user, patterns, cascade):
    """What is wrong with the compiler's answer, one sentence each."""
    lines = counted(text.splitlines(), user)
    errors = [i for i, line in enumerate(lines) if error.match(line)]
    if not errors:
        yield "there is no error: line"
        return
    if not cascade and len(errors) > 1:
        yield f"{len(errors)} errors instead of one"
    if not cascade and len(lines) > most_lines:
        yield f"{len(lines)} lines instead of at most {most_lines}"
    first = lines[: errors[1]] if len(errors) > 1 else lines
    if location.match(lines[errors[0]])["file"] != user:
        yield "the error does not stand at the user's own line"
    for pattern in patterns:
        if not any(re.search(pattern, line) for line in first if not echo.match(line)):
            yield f"nothing matches {pattern!r}"


def main():
    user, command = sys.argv[1], sys.argv[2:]
    with open(user, encoding="utf-8") as file:
        patterns, cascade = expectations(file.read())
    if not patterns:
        sys.exit(f"{user}: no line '// error: <regular expression>' at the top")

    def compiler(*more):
        return subprocess.run([*command, *more, user], stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "LC_ALL": "C"}, check=False)

    strict = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
    valid = compiler(*strict)
    if valid.returncode != 0:
        sys.exit(f"{valid.stderr}\n{user}: does not compile without EXPECT_ERROR")
    broken = compiler("-DEXPECT_ERROR")
    print(broken.stderr)
    if broken.returncode == 0:
        sys.exit(f"{user}: compiles with EXPECT_ERROR")
    found = list(complaints(broken.stderr, user, patterns, cascade))
    if found:
        sys.exit("\n".join(f"{user}: {sentence}" for sentence in found))


if __name__ == "__main__":
    main()
