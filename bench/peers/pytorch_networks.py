# SPDX-License-Identifier: BSL-1.0
"""The networks of the comparison in PyTorch."""
from torch import nn


def block(inputs, filters, *dropout):
    return [nn.Conv2d(inputs, filters, 3, padding=1), nn.ReLU(), *dropout,
            nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01), nn.MaxPool2d(2, ceil_mode=True)]


def network_of(name):
    """The layers of mnist_mlp or asl_cnn without softmax, `input` as nn.Identity, at the positions
    that lamina has them."""
    if name == "mnist_mlp":
        return nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(784, 512), nn.ReLU(),
                             nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    return nn.Sequential(nn.Identity(), *block(1, 75), *block(75, 50, nn.Dropout(0.2)),
                         *block(50, 25), nn.Flatten(), nn.Linear(400, 512), nn.ReLU(),
                         nn.Dropout(0.3), nn.Linear(512, 24))
