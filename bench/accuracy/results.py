# SPDX-License-Identifier: BSL-1.0
"""The files of results: a row for each run, in the order in which they ended."""
import csv


def read(path):
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def append(path, row):
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row.keys(), lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def seeds(text):
    """A seed or a range such as 1-10, both ends counted."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)
