#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes optimizer_vectors.hpp: weights after ten steps of PyTorch's optimizers, in double.

    python3 tests/train/make_optimizer_vectors.py > tests/train/optimizer_vectors.hpp
"""

import torch

SIZE, STEPS = 5, 10

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
weights = torch.randn(SIZE)
gradients = torch.randn(STEPS, SIZE)

optimizers = {
    "sgd": lambda w: torch.optim.SGD(w, lr=0.1),
    "sgd_momentum": lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9),
    "sgd_nesterov": lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9, nesterov=True),
    "rmsprop": lambda w: torch.optim.RMSprop(w, lr=0.01, alpha=0.9, eps=1e-2),
    "adam": lambda w: torch.optim.Adam(w, lr=0.01, eps=1e-2),
    "adamw": lambda w: torch.optim.AdamW(w, lr=0.01, eps=1e-2, weight_decay=0.1),
}


def trained(make):
    weight = weights.clone().requires_grad_()
    optimizer = make([weight])
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
    return weight.detach()


def row(values):
    return "{" + ",\n     ".join(repr(v) for v in values.tolist()) + "}"


print("// SPDX-License-Identifier: BSL-1.0")
print(f"// made by make_optimizer_vectors.py with PyTorch {torch.__version__.split('+')[0]}")
print("#pragma once\n\n// clang-format off\nnamespace vectors {\n")
print(f"inline constexpr int size = {SIZE};")
print(f"inline constexpr double weights[size] = {row(weights)};")
print(f"inline constexpr double gradients[{STEPS}][size] = {{")
print(",\n".join("    " + row(g) for g in gradients) + "};\n")
for name, make in optimizers.items():
    print(f"inline constexpr double {name}[size] = {row(trained(make))};")
print("\n}  // namespace vectors")
