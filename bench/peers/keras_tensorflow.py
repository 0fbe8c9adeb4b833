# SPDX-License-Identifier: BSL-1.0
"""Keras on TensorFlow: its own training step and prediction as compiled graphs, called as a loop of a
user's own would; `fit` and `predict` put their loops around the same."""
import tensorflow as tf

import worker
from keras_networks import network_of

tf.config.threading.set_intra_op_parallelism_threads(worker.threads)
tf.config.threading.set_inter_op_parallelism_threads(1)


def in_order(weights):
    """Arrays as `set_weights` wants them, from tensors by position."""
    positions = list(dict.fromkeys(int(name.split(".")[0]) for name in weights))
    result = []
    for position in sorted(positions):
        weight = weights[f"{position}.weight"]
        if weight.ndim == 4:
            weight = weight.transpose(2, 3, 1, 0)
        elif weight.ndim == 2:
            weight = weight.T
        result += [weight, weights[f"{position}.bias"]]
        for name in ("running_mean", "running_var"):
            if f"{position}.{name}" in weights:
                result.append(weights[f"{position}.{name}"])
    return result


class Peer:
    def __init__(self, shared):
        self.shared = shared
        self.made = {}

    def images(self, network, first, count):
        images = self.shared.images[first:first + count]
        return tf.constant(images.reshape(-1, 28, 28, 1) if network == "asl_cnn" else images)

    def model(self, network, fresh=False):
        # lamina's and PyTorch's order of flattened features is channel, y, x
        model = network_of(network, tf.keras.layers.Permute((3, 1, 2)))
        model.set_weights(in_order(self.shared.weights(network, fresh)))
        return model

    def predictor(self, network):
        if ("predict", network) not in self.made:
            model = self.model(network)
            self.made["predict", network] = tf.function(lambda images: model(images, training=False))
        return self.made["predict", network]

    def stepper(self, network, fresh=False):
        if ("train", network, fresh) not in self.made:
            model = self.model(network, fresh)
            optimizer = tf.keras.optimizers.RMSprop(worker.learning_rate, worker.rho,
                                                    epsilon=worker.epsilon)
            optimizer.build(model.trainable_variables)
            loss_of = tf.keras.losses.SparseCategoricalCrossentropy()

            @tf.function
            def step(images, labels):
                with tf.GradientTape() as tape:
                    loss = loss_of(labels, model(images, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                return loss
            self.made["train", network, fresh] = step
        return self.made["train", network, fresh]

    def outputs(self, network):
        return self.predictor(network)(self.images(network, 0, 64)).numpy()

    def losses(self, network):
        step = self.stepper(network, fresh=True)
        labels = tf.constant(self.shared.labels(network)[:32].astype("int64"))
        return [float(step(self.images(network, 0, 32), labels)) for _ in range(3)]

    def iteration(self, network, mode, batch):
        images = self.images(network, 0, batch)
        if mode == "training":
            labels = tf.constant(self.shared.labels(network)[:batch].astype("int64"))
            step = self.stepper(network)
            return lambda: step(images, labels).numpy()
        predict = self.predictor(network)
        return lambda: predict(images).numpy()


worker.serve(Peer)
