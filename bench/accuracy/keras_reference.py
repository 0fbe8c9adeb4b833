#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Trains the course's networks with Keras itself, as a reference for lamina's accuracy.

    keras_reference.py mnist-mlp --seeds 1-10 --threads 1

A row for each seed goes to keras.csv; seeds that stand there already are skipped. Batches of 32, the
optimizer `rmsprop` as Keras sets it; the accuracy is that on the test images after the last epoch.
The data is read from $LAMINA_DATA.
"""
import argparse
import pathlib
import sys
import time

import tensorflow as tf

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
import data  # noqa: E402
import results  # noqa: E402
from keras_networks import network_of  # noqa: E402

OUT = pathlib.Path(__file__).parent / "keras.csv"
EPOCHS = {"mnist-mlp": 5, "asl-cnn": 20}


def finished(model):
    return {int(row["seed"]) for row in results.read(OUT) if row["model"] == model}


def train(model, seed, x, y, test_x, test_y):
    """Accuracy and loss on the test images after the last epoch."""
    tf.keras.utils.set_random_seed(seed)
    network = network_of(model.replace("-", "_"))
    # many steps for each return to Python
    network.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"],
                    steps_per_execution=25)
    network.fit(x, y, batch_size=32, epochs=EPOCHS[model], verbose=0)
    loss, accuracy = network.evaluate(test_x, test_y, batch_size=500, verbose=0)
    return accuracy, loss


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", choices=EPOCHS)
    parser.add_argument("--seeds", default="1", help="a seed or a range such as 1-10")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    x, y, test_x, test_y = data.load(options.model)
    if options.model == "asl-cnn":
        x, test_x = x.reshape(-1, 28, 28, 1), test_x.reshape(-1, 28, 28, 1)
    for seed in results.seeds(options.seeds):
        if seed in finished(options.model):
            continue
        start = time.perf_counter()
        accuracy, loss = train(options.model, seed, x, y, test_x, test_y)
        results.append(OUT, {
            "model": options.model, "seed": seed, "epochs": EPOCHS[options.model],
            "test_accuracy": f"{accuracy:.6f}", "test_loss": f"{loss:.6f}",
            "seconds": f"{time.perf_counter() - start:.1f}", "threads": options.threads,
            "keras": tf.keras.__version__})


if __name__ == "__main__":
    main()
