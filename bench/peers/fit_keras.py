# SPDX-License-Identifier: BSL-1.0
"""fit_keras.py NETWORK EPOCHS THREADS [without-xla]: what `lamina train` does, with Keras' `fit` on
TensorFlow. As a user calls it Keras hands a step to XLA (`jit_compile="auto"`), which on processors may
take longer than TensorFlow's own kernels."""
import sys

import tensorflow as tf

import data
from keras_networks import network_of

network, epochs, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.keras.utils.set_random_seed(1)
model = network_of(network.replace("-", "_"))
x, y, test_x, test_y = data.load(network)
if network != "mnist-mlp":
    x, test_x = x.reshape(-1, 28, 28, 1), test_x.reshape(-1, 28, 28, 1)
# many steps for each return to Python
model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"],
              steps_per_execution=32, jit_compile=False if "without-xla" in sys.argv else "auto")
past = model.fit(x, y, batch_size=32, epochs=epochs, validation_data=(test_x, test_y), verbose=0)
model.save_weights("keras.weights.h5")
print(past.history["val_accuracy"][-1])
