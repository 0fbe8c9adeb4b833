# SPDX-License-Identifier: BSL-1.0
"""The networks of the comparison in Keras."""
import tensorflow as tf

layers = tf.keras.layers


def block(filters, *dropout):
    return [layers.Conv2D(filters, 3, padding="same", activation="relu"), *dropout,
            layers.BatchNormalization(), layers.MaxPool2D(2, padding="same")]


def network_of(name, *before_flatten):
    """mnist_mlp of (784) or asl_cnn of (28, 28, 1)."""
    if name == "mnist_mlp":
        return tf.keras.Sequential([
            layers.Input((784,)), layers.Dense(512, "relu"), layers.Dense(512, "relu"),
            layers.Dense(10, "softmax")])
    return tf.keras.Sequential([
        layers.Input((28, 28, 1)), *block(75), *block(50, layers.Dropout(0.2)), *block(25),
        *before_flatten, layers.Flatten(), layers.Dense(512, "relu"), layers.Dropout(0.3),
        layers.Dense(24, "softmax")])
