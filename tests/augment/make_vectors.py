#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes tests/augment/vectors.hpp: small pictures as scikit-image, SciPy and Pillow transform them.

    pip install scikit-image pillow && python3 tests/augment/make_vectors.py

The maps are put together from the matrices of Keras' apply_affine_transform. scikit-image's warp
resamples where it knows the mode; SciPy, which Keras calls, for `constant`, whose fill begins at the
outermost pixels' centres there and half a pixel further out in scikit-image.
"""
import pathlib

import numpy as np
from PIL import Image, ImageEnhance
from scipy import ndimage
from skimage.transform import warp

height, width = 9, 8
rng = np.random.default_rng(5)
picture = rng.integers(0, 256, (height, width), dtype=np.uint8)
grey = picture / 255.0


def rotation(degrees):
    a = np.deg2rad(degrees)
    return np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])


def shifting(rows, columns):
    return np.array([[1, 0, rows], [0, 1, columns], [0, 0, 1.0]])


def shearing(degrees):
    a = np.deg2rad(degrees)
    return np.array([[1, -np.sin(a), 0], [0, np.cos(a), 0], [0, 0, 1]])


def zooming(rows, columns):
    return np.diag([rows, columns, 1.0])


def centred(matrix):
    """From (row, column) about the picture's centre to those from its first pixel."""
    middle = shifting((height - 1) / 2, (width - 1) / 2)
    return middle @ matrix @ np.linalg.inv(middle)


def transformed(matrix, mode):
    matrix = centred(matrix)
    if mode == "constant":
        return ndimage.affine_transform(grey, matrix[:2, :2], matrix[:2, 2], order=1,
                                        mode="constant", cval=0.25)
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1.0]])  # scikit-image says (x, y)
    return warp(grey, swap @ matrix @ swap, order=1,
                mode={"nearest": "edge", "reflect": "symmetric", "wrap": "wrap"}[mode])


def noise(key, first):
    """The library's own: uniform from -1 to 1, by a hash of the pixel's number."""
    def mixed(h):
        h = ((h ^ (h >> 16)) * 0x7feb352d) & 0xffffffff
        h = ((h ^ (h >> 15)) * 0x846ca68b) & 0xffffffff
        return h ^ (h >> 16)
    numbers = [mixed((key + (first + i) * 0x9e3779b9) & 0xffffffff) for i in range(height * width)]
    signed = np.array(numbers, dtype=np.uint32).astype(np.int32)
    return signed.astype(np.float64).reshape(height, width) / 2**31


def elastic(key, strength, deviation):
    moved = [strength * ndimage.gaussian_filter(noise(key, first), deviation, mode="constant",
                                                truncate=4) for first in (0, height * width)]
    grid = np.mgrid[:height, :width]
    return ndimage.map_coordinates(grey, grid + np.array(moved), order=1, mode="nearest")


def pillow(enhancer, factor):
    return np.asarray(enhancer(Image.fromarray(picture)).enhance(factor)) / 255.0


every = rotation(-17) @ shifting(1.3, -2.2) @ shearing(12) @ zooming(0.85, 1.1)
results = {
    "rotated": transformed(rotation(10), "nearest"),
    "zoomed": transformed(zooming(0.8, 1.15), "nearest"),
    "shifted": transformed(shifting(1.3, -2.2), "nearest"),
    "sheared": transformed(shearing(12), "nearest"),
    "every_nearest": transformed(every, "nearest"),
    "every_constant": transformed(every, "constant"),
    "every_reflect": transformed(every, "reflect"),
    "every_wrap": transformed(every, "wrap"),
    "elastic": elastic(12345, 6, 1.5),
    "brightened": pillow(ImageEnhance.Brightness, 1.35),
    "stretched": pillow(ImageEnhance.Contrast, 0.7),
}

lines = ["// SPDX-License-Identifier: BSL-1.0", "// Written by make_vectors.py, which says by what.",
         "#pragma once", "", "namespace vectors {", "",
         f"inline constexpr int height = {height}, width = {width};"]


def add(kind, name, values, form):
    lines.append(f"inline constexpr {kind} {name}[] = {{")
    lines.extend("    " + " ".join(form.format(v) + "," for v in row) for row in values)
    lines[-1] = lines[-1].rstrip(",") + "};"


add("unsigned char", "picture", picture, "{}")
for name, values in results.items():
    add("double", name, values, "{:.8f}")
lines += ["", "}  // namespace vectors", ""]
pathlib.Path(__file__).with_name("vectors.hpp").write_text("\n".join(lines), encoding="utf-8")
