# SPDX-License-Identifier: BSL-1.0
"""fit_pytorch.py NETWORK EPOCHS THREADS: what `lamina train` does, with PyTorch and its DataLoader."""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import data
from pytorch_networks import network_of

network, epochs, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(1)
layout = torch.channels_last if network != "mnist-mlp" else torch.contiguous_format
model = network_of(network.replace("-", "_")).to(memory_format=layout)


def loader(images, labels, shuffle):
    images = torch.from_numpy(images)
    if network != "mnist-mlp":
        images = images.reshape(-1, 1, 28, 28).contiguous(memory_format=layout)
    return DataLoader(TensorDataset(images, torch.from_numpy(labels).long()), batch_size=32,
                      shuffle=shuffle)


x, y, test_x, test_y = data.load(network)
train, test = loader(x, y, True), loader(test_x, test_y, False)
optimizer = torch.optim.RMSprop(model.parameters(), 1e-3, 0.9, 1e-7)
loss_of = nn.CrossEntropyLoss()
for _ in range(epochs):
    model.train()
    for images, labels in train:
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(images), labels).backward()
        optimizer.step()
    model.eval()
    with torch.inference_mode():
        right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in test)
torch.save(model.state_dict(), "pytorch.weights.pt")
print(right / len(test_y))
