# SPDX-License-Identifier: BSL-1.0
"""JAX, compiled by XLA; RMSprop and the layers written out."""
import os
import sys

os.environ["XLA_FLAGS"] = ("--xla_cpu_multi_thread_eigen=true" if int(sys.argv[1]) > 1 else
                           "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
if int(sys.argv[1]) == 1:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # its pool takes the cores it sees

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

import worker  # noqa: E402

norms = {"asl_cnn": ((1, 3, None), (5, 8, 0.2), (10, 12, None)), "mnist_mlp": ()}
products = {"asl_cnn": (15, 18), "mnist_mlp": (2, 4, 6)}


def dropped(x, rate, key):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def logits(network, weights, images, key):
    """The logits, and the moving statistics after a step; key None: a prediction."""
    x, moved = images, {}
    if network == "asl_cnn":
        x = x.reshape(-1, 28, 28, 1)
    for conv, norm, rate in norms[network]:
        x = lax.conv_general_dilated(x, weights[f"{conv}.weight"], (1, 1), "SAME",
                                     dimension_numbers=("NHWC", "OIHW", "NHWC"))
        x = jax.nn.relu(x + weights[f"{conv}.bias"])
        if key is not None and rate is not None:
            x = dropped(x, rate, jax.random.fold_in(key, conv))
        mean, variance = weights[f"{norm}.running_mean"], weights[f"{norm}.running_var"]
        if key is not None:
            batch_mean, batch_variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            moved[f"{norm}.running_mean"] = 0.99 * mean + 0.01 * batch_mean
            moved[f"{norm}.running_var"] = 0.99 * variance + 0.01 * batch_variance
            mean, variance = batch_mean, batch_variance
        x = (x - mean) * (weights[f"{norm}.weight"] * lax.rsqrt(variance + 1e-3)) + \
            weights[f"{norm}.bias"]
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")
    if network == "asl_cnn":
        x = x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)
    for number, position in enumerate(products[network]):
        x = x @ weights[f"{position}.weight"].T + weights[f"{position}.bias"]
        if number + 1 < len(products[network]):
            x = jax.nn.relu(x)
            if network == "asl_cnn" and key is not None:
                x = dropped(x, 0.3, jax.random.fold_in(key, position))
    return x, moved


def loss_of(network, weights, images, labels, key):
    x, moved = logits(network, weights, images, key)
    return -jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], 1).mean(), moved


class Peer:
    def __init__(self, shared):
        self.shared = shared
        self.predict = jax.jit(lambda network, weights, images:
                               jax.nn.softmax(logits(network, weights, images, None)[0]),
                               static_argnums=0)
        self.step = jax.jit(self.one_step, static_argnums=0, donate_argnums=(1, 2))

    @staticmethod
    def one_step(network, weights, squares, images, labels, number):
        key = jax.random.fold_in(jax.random.key(1), number)
        (loss, moved), gradients = jax.value_and_grad(loss_of, 1, has_aux=True)(
            network, weights, images, labels, key)
        squares = {name: worker.rho * squares[name] + (1 - worker.rho) * gradients[name] ** 2
                   for name in weights}
        weights = {name: weights[name] - worker.learning_rate * gradients[name] *
                   lax.rsqrt(squares[name] + worker.epsilon) for name in weights}
        return {**weights, **moved}, squares, loss

    def weights(self, network, fresh=False):
        return {name: jnp.asarray(value)
                for name, value in self.shared.weights(network, fresh).items()}

    def outputs(self, network):
        return self.predict(network, self.weights(network), jnp.asarray(self.shared.images[:64]))

    def stepper(self, network, batch, fresh=False):
        weights = self.weights(network, fresh)
        squares = {name: jnp.zeros_like(value) for name, value in weights.items()}
        images = jnp.asarray(self.shared.images[:batch])
        labels = jnp.asarray(self.shared.labels(network)[:batch].astype("int32"))
        number = 0

        def step():
            nonlocal weights, squares, number
            number += 1
            weights, squares, loss = self.step(network, weights, squares, images, labels, number)
            return float(loss)
        return step

    def losses(self, network):
        step = self.stepper(network, 32, fresh=True)
        return [step() for _ in range(3)]

    def iteration(self, network, mode, batch):
        if mode == "training":
            return self.stepper(network, batch)
        weights, images = self.weights(network), jnp.asarray(self.shared.images[:batch])
        return lambda: self.predict(network, weights, images).block_until_ready()


worker.serve(Peer)
