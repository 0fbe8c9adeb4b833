# SPDX-License-Identifier: BSL-1.0
"""The course's data sets as arrays, from the files that lamina reads: $LAMINA_DATA."""
import gzip
import os
import pathlib

import numpy


def opened(name, mode="rb"):
    return gzip.open(pathlib.Path(os.environ["LAMINA_DATA"]) / name, mode)


def idx(name, head):
    with opened(f"mnist/{name}") as file:
        return numpy.frombuffer(file.read(), numpy.uint8)[head:]


def letters(part):
    with opened(f"asl/sign_mnist_{part}.csv.gz", "rt") as file:
        rows = numpy.loadtxt(file, numpy.uint8, delimiter=",", skiprows=1)
    labels = rows[:, 0]  # no 9, J: 24 classes
    return rows[:, 1:].astype("float32") / 255, labels - (labels > 9)


def digits(part):
    images = idx(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 784)
    return images.astype("float32") / 255, idx(f"{part}-labels-idx1-ubyte.gz", 8)


def load(network):
    """Images from 0 to 1 (image, 784) and labels to train on, and the same to evaluate."""
    if network == "mnist-mlp":
        return *digits("train"), *digits("t10k")
    return *letters("train"), *letters("test")
