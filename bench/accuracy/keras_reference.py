#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Trains the course's networks with Keras itself, as a reference for lamina's accuracy.

    keras_reference.py asl-cnn --seeds 1-10 --threads 1

A row for each seed goes to keras.csv and one for each epoch to keras_epochs.csv; seeds that stand there
already are skipped. Batches of 32, the optimizer `rmsprop` as Keras sets it; the accuracy is that on the
test images after the last epoch. The data is read from $LAMINA_DATA.

The seed is Python's and numpy's, from which Keras draws the seeds of weights and dropout. TensorFlow's own
is left alone, as in the course, which sets none: with it (`set_random_seed`) Keras takes the images in
the same order in every epoch. So a run is not repeated by its seed to the last bit.
"""
import argparse
import pathlib
import random
import sys
import time

import numpy
import tensorflow as tf

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
import data  # noqa: E402
import results  # noqa: E402
from keras_networks import network_of  # noqa: E402

EPOCHS = {"mnist-mlp": 5, "asl-cnn": 20}


class Clock(tf.keras.callbacks.Callback):
    """The seconds of each epoch, and a line for each on standard error."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.begun)
        print(epoch + 1, logs, file=sys.stderr, flush=True)


def finished(path, model):
    return {int(row["seed"]) for row in results.read(path) if row["model"] == model}


def train(model, seed, x, y, test_x, test_y):
    """What Keras notes of each epoch: lists by name."""
    random.seed(seed)
    numpy.random.seed(seed)
    network = network_of(model.replace("-", "_"))
    # many steps for each return to Python; XLA takes twice as long on processors
    network.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"],
                    steps_per_execution=25, jit_compile=False)
    clock = Clock()
    past = network.fit(x, y, batch_size=32, epochs=EPOCHS[model], verbose=0, callbacks=[clock],
                       validation_data=(test_x, test_y), validation_batch_size=500)
    return past.history | {"seconds": clock.seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", choices=EPOCHS)
    parser.add_argument("--seeds", default="1", help="a seed or a range such as 1-10")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    x, y, test_x, test_y = data.load(options.model)
    if options.model == "asl-cnn":
        x, test_x = x.reshape(-1, 28, 28, 1), test_x.reshape(-1, 28, 28, 1)
    for seed in results.seeds(options.seeds):
        if seed in finished(options.out / "keras.csv", options.model):
            continue
        past = train(options.model, seed, x, y, test_x, test_y)
        run = {"model": options.model, "seed": seed}
        for epoch in range(EPOCHS[options.model]):
            results.append(options.out / "keras_epochs.csv", run | {
                "epoch": epoch + 1, "loss": f"{past['loss'][epoch]:.6f}",
                "test_accuracy": f"{past['val_accuracy'][epoch]:.6f}",
                "test_loss": f"{past['val_loss'][epoch]:.6f}",
                "seconds": f"{past['seconds'][epoch]:.2f}"})
        results.append(options.out / "keras.csv", run | {
            "epochs": EPOCHS[options.model], "test_accuracy": f"{past['val_accuracy'][-1]:.6f}",
            "test_loss": f"{past['val_loss'][-1]:.6f}",
            "seconds": f"{sum(past['seconds']):.1f}", "threads": options.threads,
            "keras": tf.keras.__version__})


if __name__ == "__main__":
    main()
