# SPDX-License-Identifier: BSL-1.0
"""PyTorch: pytorch.py THREADS eager|channels_last|compiled."""
import sys

import torch
from torch import nn

import worker
from pytorch_networks import network_of

layout = sys.argv[2]
torch.set_num_threads(worker.threads)
torch.manual_seed(1)
if layout == "compiled":
    import torch._inductor.config
    torch._inductor.config.freezing = True  # weights are constants of a prediction
    torch._inductor.config.cpp.threads = worker.threads


class Peer:
    def __init__(self, shared):
        self.shared = shared
        self.made = {}

    def images(self, network, first, count):
        images = torch.from_numpy(self.shared.images[first:first + count])
        if network == "asl_cnn":
            images = images.reshape(count, 1, 28, 28)
            if layout == "channels_last":
                images = images.contiguous(memory_format=torch.channels_last)
        return images

    def model(self, network, fresh=False):
        model = network_of(network)
        weights = self.shared.weights(network, fresh)
        model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()},
                              strict=False)
        if layout == "channels_last" and network == "asl_cnn":
            model = model.to(memory_format=torch.channels_last)
        return model

    def predictor(self, network):
        """A function from images to probabilities; one for all batches."""
        if ("predict", network) not in self.made:
            model = nn.Sequential(self.model(network), nn.Softmax(1)).eval()
            if layout == "compiled":
                model = torch.compile(model, dynamic=False)
            self.made["predict", network] = model
        return self.made["predict", network]

    def stepper(self, network, model=None):
        """A function that takes one training step and returns the loss."""
        if model is None and ("train", network) in self.made:
            return self.made["train", network]
        trained = (model or self.model(network)).train()
        optimizer = torch.optim.RMSprop(trained.parameters(), worker.learning_rate, worker.rho,
                                        worker.epsilon)
        loss_of = nn.CrossEntropyLoss()
        forward = trained if layout != "compiled" else torch.compile(trained, dynamic=False)

        def step(images, labels):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(forward(images), labels)
            loss.backward()
            optimizer.step()
            return loss.detach()
        if model is None:
            self.made["train", network] = step
        return step

    def outputs(self, network):
        with torch.inference_mode():
            return self.predictor(network)(self.images(network, 0, 64)).numpy()

    def losses(self, network):
        step = self.stepper(network, self.model(network, fresh=True))
        labels = torch.from_numpy(self.shared.labels(network)[:32]).long()
        return [step(self.images(network, 0, 32), labels) for _ in range(3)]

    def iteration(self, network, mode, batch):
        labels = torch.from_numpy(self.shared.labels(network)).long()
        batches = [(self.images(network, first, batch), labels[first:first + batch])
                   for first in range(0, 1024 - batch + 1, batch)]
        at = 0

        def following():
            nonlocal at
            at = (at + 1) % len(batches)
            return batches[at]
        if mode == "training":
            step = self.stepper(network)
            return lambda: step(*following())
        predict = self.predictor(network)

        def run():
            with torch.inference_mode():
                predict(following()[0])
        return run


worker.serve(Peer)
