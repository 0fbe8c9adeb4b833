#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Holds photographs of Sign Language MNIST's training file back, to choose recipes by.

    hold_out.py DATA OUT [--draw N]      # reads DATA/asl/sign_mnist_train.csv[.gz], writes OUT/asl
    LAMINA_DATA=OUT lamina train asl-mlp …

The file was grown from 1,704 photographs, so that a part of it that is drawn at random has siblings of
nearly every image among the rest. Here images of a letter whose correlation is over 0.9, directly or
through others, are one group (968 of them), and a sixth of the groups' images becomes
sign_mnist_test.csv; the official test file is not touched. Needs numpy.
"""

import argparse
import gzip
import pathlib

import numpy

LEAST_CORRELATION, HELD_OUT = 0.9, 0.165


def lines_of(folder):
    path = folder / "asl/sign_mnist_train.csv"
    if path.exists():
        return path.read_text().splitlines()
    with gzip.open(f"{path}.gz", "rt") as file:
        return file.read().splitlines()


def groups(images):
    """The number of the group of each image: connected components of what correlates."""
    centred = images - images.mean(1, keepdims=True)
    centred /= numpy.linalg.norm(centred, axis=1, keepdims=True)
    alike = centred @ centred.T > LEAST_CORRELATION
    group = numpy.full(len(images), -1)
    count = 0
    for first in range(len(images)):
        if group[first] >= 0:
            continue
        group[first] = count
        waiting = [first]
        while waiting:
            found = numpy.nonzero(alike[waiting.pop()] & (group < 0))[0]
            group[found] = count
            waiting.extend(found)
        count += 1
    return group


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--draw", type=int, default=7, help="seed of the photographs held back")
    options = parser.parse_args()
    data, out = options.data, options.out
    header, *rows = lines_of(data)
    values = numpy.array([row.split(",") for row in rows], dtype=numpy.float32)
    random = numpy.random.default_rng(options.draw)
    held = numpy.zeros(len(rows), dtype=bool)
    for label in numpy.unique(values[:, 0]):
        of_label = numpy.nonzero(values[:, 0] == label)[0]
        group = groups(values[of_label, 1:])
        for number in random.permutation(group.max() + 1):
            members = of_label[group == number]
            if held[of_label].sum() + len(members) <= HELD_OUT * len(of_label):
                held[members] = True
    (out / "asl").mkdir(parents=True, exist_ok=True)
    for name, part in (("train", ~held), ("test", held)):
        chosen = [row for row, is_in in zip(rows, part) if is_in]
        (out / f"asl/sign_mnist_{name}.csv").write_text("\n".join([header, *chosen]) + "\n")
    print(f"{held.sum()} of {len(rows)} images held out")


if __name__ == "__main__":
    main()
