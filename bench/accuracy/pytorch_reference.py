#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Trains the course's three networks with PyTorch, as a reference for lamina's accuracy.

    pytorch_reference.py --model asl-cnn --seeds 1-10 --threads 1 --out bench/accuracy

One row per seed goes to OUT/pytorch.csv and one per epoch to OUT/pytorch_epochs.csv; seeds that
stand there already are skipped, so an interrupted series goes on where it stopped. The data is
read from $LAMINA_DATA (mnist/*.gz, asl/*.csv.gz).

The settings are the course's, with the semantics of Keras 3: RMSprop 1e-3 with rho 0.9 and epsilon
1e-7 inside the root, batch 32 shuffled, the last smaller batch kept, Glorot uniform weights, zero
biases, batch normalisation with momentum 0.99, epsilon 1e-3 and the biased variance in the moving
statistics, pools with `same` padding.
"""

import argparse
import os
import pathlib
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn import functional as F

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
import data  # noqa: E402
import results  # noqa: E402


class KerasRMSprop:
    """velocity = rho velocity + (1 - rho) g^2;  w -= rate g / sqrt(velocity + epsilon)"""

    def __init__(self, parameters, rate=1e-3, rho=0.9, epsilon=1e-7):
        self.parameters = list(parameters)
        self.velocity = [torch.zeros_like(p) for p in self.parameters]
        self.rate, self.rho, self.epsilon = rate, rho, epsilon

    @torch.no_grad()
    def step(self):
        gradients = [p.grad for p in self.parameters]
        torch._foreach_mul_(self.velocity, self.rho)
        torch._foreach_addcmul_(self.velocity, gradients, gradients, 1 - self.rho)
        root = torch._foreach_add(self.velocity, self.epsilon)
        torch._foreach_sqrt_(root)
        torch._foreach_addcdiv_(self.parameters, gradients, root, -self.rate)
        for p in self.parameters:
            p.grad = None


class KerasBatchNorm(nn.Module):
    """nn.BatchNorm2d but for the moving variance, which takes the biased variance of the batch."""

    def __init__(self, channels, momentum=0.99, epsilon=1e-3):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.momentum, self.epsilon = momentum, epsilon

    def forward(self, x):
        if not self.training:
            return F.batch_norm(
                x,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                False,
                0.0,
                self.epsilon,
            )
        mean, variance = torch.zeros_like(self.running_mean), torch.zeros_like(self.running_var)
        y = F.batch_norm(x, mean, variance, self.weight, self.bias, True, 1.0, self.epsilon)
        count = x.numel() // x.shape[1]
        with torch.no_grad():
            self.running_mean.lerp_(mean, 1 - self.momentum)
            self.running_var.lerp_(variance * ((count - 1) / count), 1 - self.momentum)
        return y


def mlp(classes):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 512),
        nn.ReLU(),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Linear(512, classes),
    )


def asl_cnn():
    def pool():
        return nn.MaxPool2d(2, ceil_mode=True)  # for 28, 14 and 7 the same as `same`

    return nn.Sequential(
        nn.Conv2d(1, 75, 3, padding=1),
        nn.ReLU(),
        KerasBatchNorm(75),
        pool(),
        nn.Conv2d(75, 50, 3, padding=1),
        nn.ReLU(),
        nn.Dropout(0.2),
        KerasBatchNorm(50),
        pool(),
        nn.Conv2d(50, 25, 3, padding=1),
        nn.ReLU(),
        KerasBatchNorm(25),
        pool(),
        nn.Flatten(),
        nn.Linear(400, 512),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(512, 24),
    )


def load(model):
    """Images as (n, 1, 28, 28) from 0 to 1 and labels from 0, of the training and the test set."""
    x, y, test_x, test_y = data.load(model)
    return [
        (
            torch.from_numpy(images.reshape(-1, 1, 28, 28)),
            torch.from_numpy(labels.astype(numpy.int64)),
        )
        for images, labels in ((x, y), (test_x, test_y))
    ]


models = {  # name: network, epochs of the course
    "mnist-mlp": (lambda: mlp(10), 5),
    "asl-mlp": (lambda: mlp(24), 20),
    "asl-cnn": (asl_cnn, 20),
}


def build(model):
    net = models[model][0]()
    for layer in net:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return net.to(memory_format=torch.channels_last)


@torch.no_grad()
def evaluate(net, images, labels):
    net.eval()
    loss = correct = 0.0
    for x, y in zip(images.split(500), labels.split(500)):
        logits = net(x)
        loss += F.cross_entropy(logits, y, reduction="sum").item()
        correct += (logits.argmax(1) == y).sum().item()
    return loss / len(labels), correct / len(labels)


def wait_while(path):
    """Waits as long as the file `path` exists; returns the seconds waited."""
    start = time.perf_counter()
    while path and os.path.exists(path):
        time.sleep(2)
    return time.perf_counter() - start


def train_epoch(net, optimizer, images, labels, batch, pause):
    """One epoch; returns the mean loss and the seconds spent waiting."""
    net.train()
    total, waited = 0.0, 0.0
    for rows in torch.randperm(len(labels)).split(batch):
        if pause and os.path.exists(pause):
            waited += wait_while(pause)
        loss = F.cross_entropy(net(images[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    return total / len(labels), waited


def finished(path, model, epochs):
    return {
        int(row["seed"])
        for row in results.read(path)
        if row["model"] == model and int(row["epochs"]) == epochs
    }


def run(options, seed, epochs, train, test):
    torch.manual_seed(seed)
    net = build(options.model)
    optimizer = KerasRMSprop(net.parameters())
    seconds = 0.0
    records = []
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        loss, waited = train_epoch(net, optimizer, *train, options.batch, options.pause_file)
        test_loss, accuracy = evaluate(net, *test)
        spent = time.perf_counter() - start - waited
        seconds += spent
        records.append(
            {
                "model": options.model,
                "seed": seed,
                "epoch": epoch,
                "loss": f"{loss:.6f}",
                "test_accuracy": f"{accuracy:.6f}",
                "test_loss": f"{test_loss:.6f}",
                "seconds": f"{spent:.2f}",
            }
        )
        print(records[-1], flush=True)
    for record in records:
        results.append(options.out / "pytorch_epochs.csv", record)
    results.append(
        options.out / "pytorch.csv",
        {
            "model": options.model,
            "seed": seed,
            "epochs": epochs,
            "test_accuracy": f"{accuracy:.6f}",
            "test_loss": f"{test_loss:.6f}",
            "seconds": f"{seconds:.1f}",
            "threads": options.threads,
            "torch": torch.__version__,
        },
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True, choices=models)
    parser.add_argument("--seeds", default="1", help="a seed or a range such as 1-10")
    parser.add_argument("--epochs", type=int, help="default: the course's, 5 or 20")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    parser.add_argument("--pause-file", help="wait between two steps as long as this file exists")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    epochs = options.epochs or models[options.model][1]
    train, test = load(options.model)
    for seed in results.seeds(options.seeds):
        if seed not in finished(options.out / "pytorch.csv", options.model, epochs):
            run(options, seed, epochs, train, test)


if __name__ == "__main__":
    main()
