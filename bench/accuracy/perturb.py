#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Hands as they are outside the data: every image of the ASL test split, perturbed.

    pip install numpy pillow
    bench/accuracy/perturb.py make DATA FOLDER [--seed N] [--limit N]   writes FOLDER/<letter>/<n>.png
    bench/accuracy/perturb.py measure PROGRAM RUN FOLDER [--json]       what `lamina predict` answers

Of each image, uniformly and independently: a rotation from -15 to 15 degrees, a zoom from 0.85 to
1.15, a shift from -0.1 to 0.1 of either side, about its centre, edges repeated, bilinearly; then the
brightness times 0.6 to 1.4, then the contrast times 0.7 to 1.3 about the mean, cut to 0 … 255. It
shares no code with the library's own augmentation. DATA has asl/sign_mnist_test.csv[.gz].
"""
import argparse
import gzip
import json
import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image

side = 28
letters = "abcdefghiklmnopqrstuvwxy"


def read_test_split(data):
    """Labels and images (n, 28, 28)."""
    path = pathlib.Path(data) / "asl/sign_mnist_test.csv"
    packed = path.with_name(path.name + ".gz")
    opened = open(path, encoding="ascii") if path.exists() else gzip.open(packed, "rt")
    with opened as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1, dtype=np.int64)
    labels = np.where(table[:, 0] > 9, table[:, 0] - 1, table[:, 0])
    return labels, table[:, 1:].reshape(-1, side, side).astype(np.float64)


def sample(image, rows, columns):
    """Bilinear, edges repeated."""
    rows, columns = np.clip(rows, 0, side - 1), np.clip(columns, 0, side - 1)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, side - 1), np.minimum(left + 1, side - 1)
    down, across = rows - top, columns - left
    above = image[top, left] * (1 - across) + image[top, right] * across
    below = image[bottom, left] * (1 - across) + image[bottom, right] * across
    return above * (1 - down) + below * down


def perturbed(image, rng):
    angle = np.deg2rad(rng.uniform(-15, 15))
    zoom = rng.uniform(0.85, 1.15)
    shift = rng.uniform(-0.1, 0.1, 2) * side
    brightness, contrast = rng.uniform(0.6, 1.4), rng.uniform(0.7, 1.3)
    middle = (side - 1) / 2
    y, x = np.mgrid[:side, :side] - middle
    y, x = (y - shift[0]) / zoom, (x - shift[1]) / zoom
    rows = middle + np.cos(angle) * y - np.sin(angle) * x
    columns = middle + np.sin(angle) * y + np.cos(angle) * x
    bright = np.clip(sample(image, rows, columns) * brightness, 0, 255)
    mean = bright.mean()
    return np.clip(mean + contrast * (bright - mean), 0, 255).round().astype(np.uint8)


def make(options):
    labels, images = read_test_split(options.data)
    folder = pathlib.Path(options.folder)
    for letter in letters:
        (folder / letter).mkdir(parents=True, exist_ok=True)
    chosen = range(len(labels)) if options.limit is None else range(min(options.limit, len(labels)))
    for i in chosen:
        rng = np.random.default_rng([options.seed, i])
        Image.fromarray(perturbed(images[i], rng)).save(folder / letters[labels[i]] / f"{i:04}.png")
    print(f"{folder}: {len(chosen)} pictures of the seed {options.seed}")


def measure(options):
    told = subprocess.run([options.program, "predict", options.run, options.folder, "--json",
                           "--top", "1"], check=True, capture_output=True, text=True).stdout
    answers = json.loads(told)["predictions"]
    right = sum(answer["label"] == pathlib.Path(answer["image"]).parent.name for answer in answers)
    if not answers:
        sys.exit(f"{options.folder}: no pictures")
    result = {"pictures": len(answers), "right": right, "accuracy": right / len(answers)}
    if options.json:
        print(json.dumps(result))
    else:
        print(f"{options.run}: {100 * result['accuracy']:.2f} % of {len(answers)} pictures")


def main():
    parser = argparse.ArgumentParser(prog="bench/accuracy/perturb.py")
    commands = parser.add_subparsers(required=True)
    maker = commands.add_parser("make")
    maker.add_argument("data")
    maker.add_argument("folder")
    maker.add_argument("--seed", type=int, default=2024)
    maker.add_argument("--limit", type=int)
    maker.set_defaults(run_command=make)
    measurer = commands.add_parser("measure")
    measurer.add_argument("program")
    measurer.add_argument("run")
    measurer.add_argument("folder")
    measurer.add_argument("--json", action="store_true")
    measurer.set_defaults(run_command=measure)
    options = parser.parse_args()
    options.run_command(options)


if __name__ == "__main__":
    main()
