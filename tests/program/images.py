# SPDX-License-Identifier: BSL-1.0
"""Small sets of images in the formats of the real ones, and pictures, made here."""
import base64
import gzip
import pathlib
import random
import struct
import zlib

# 8 x 8 grey pixels of 100, by libjpeg-turbo.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDg"
    "sLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EABQQAQAAAAAA"
    "AAAAAAAAAAAAAAD/2gAIAQEAAD8ANH//2Q==")


def pattern(label, chance):
    """28 x 28 pixels: noise, and a bright block whose place tells the class (25 at most)."""
    pixels = bytearray(chance.randrange(60) for _ in range(784))
    top, left = 1 + 5 * (label // 5), 1 + 5 * (label % 5)
    for y in range(top, top + 5):
        for x in range(left, left + 5):
            pixels[28 * y + x] = 200 + chance.randrange(56)
    return bytes(pixels)


def digits(count, seed):
    chance = random.Random(seed)
    labels = [i % 10 for i in range(count)]
    return labels, [pattern(label, chance) for label in labels]


def idx_images(images):
    return struct.pack(">IIII", 0x803, len(images), 28, 28) + b"".join(images)


def idx_labels(labels):
    return struct.pack(">II", 0x801, len(labels)) + bytes(labels)


def signs(count, seed):
    chance = random.Random(seed)
    names = [label for label in range(25) if label != 9]
    rows = ["label," + ",".join(f"pixel{i}" for i in range(1, 785))]
    for i in range(count):
        label = names[i % 24]
        rows.append(f"{label}," + ",".join(map(str, pattern(label, chance))))
    return ("\n".join(rows) + "\n").encode()


def make_data(folder, train=600, test=100):
    """A data folder with both sets, some files packed and some not."""
    folder = pathlib.Path(folder)
    (folder / "mnist").mkdir(parents=True)
    (folder / "asl").mkdir()
    labels, images = digits(train, 1)
    (folder / "mnist/train-images-idx3-ubyte").write_bytes(idx_images(images))
    (folder / "mnist/train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_labels(labels)))
    labels, images = digits(test, 2)
    (folder / "mnist/t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_images(images), 1))
    (folder / "mnist/t10k-labels-idx1-ubyte").write_bytes(idx_labels(labels))
    (folder / "asl/sign_mnist_train.csv.gz").write_bytes(gzip.compress(signs(96, 3), 1))
    (folder / "asl/sign_mnist_test.csv").write_bytes(signs(48, 4))
    return folder


def png(width, height, grey):
    """A grey PNG."""
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
    lines = b"".join(b"\0" + grey[width * y:width * (y + 1)] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))
