# SPDX-License-Identifier: BSL-1.0
"""Makes training_vectors.safetensors: what PyTorch says of schedules, clipping, weight decay and
averages.

    pip install torch safetensors
    python make_training_vectors.py

`schedules/NAME` has the factors of 40 steps, 10 an epoch; `schedules/on_plateau/loss` 40 epochs'
losses, and `schedules/on_plateau` the factor after each. `RUN/before/...`, `RUN/after/...` and
`RUN/average/...` are the parameters of a small network before and after three epochs of four batches
of five images, which stand in `images` and `labels`. Everything is computed in double.
"""

import pathlib
import warnings

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
STEPS, EPOCH, BATCH = 40, 10, 5
vectors = {}


def optimizer_of_rate_1():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)


def factors(make):
    optimizer = optimizer_of_rate_1()
    scheduler = make(optimizer)
    rates = []
    for step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        if step + 1 < STEPS:
            scheduler.step()
    return torch.tensor(rates)


def warm_up_then_cosine(optimizer):
    first = lr_scheduler.LinearLR(optimizer, start_factor=0.2, total_iters=15)
    then = lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS - 15)
    return lr_scheduler.SequentialLR(optimizer, [first, then], milestones=[15])


def plateau():
    optimizer = optimizer_of_rate_1()
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=2, threshold=0.01, cooldown=1, min_lr=0.1, eps=0
    )
    losses = 1 / torch.arange(1, STEPS + 1) ** 0.5 + 0.2 * torch.rand(STEPS)
    rates = []
    for loss in losses:
        scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    vectors["schedules/on_plateau/loss"] = losses
    vectors["schedules/on_plateau"] = torch.tensor(rates)


class Norm(nn.Module):
    """Keras' batch normalisation: the biased variance in the moving statistics."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        self.running_mean.lerp_(mean.detach(), 0.01)
        self.running_var.lerp_(variance.detach(), 0.01)
        scale = self.weight / torch.sqrt(variance + 1e-3)
        return (x - mean[:, None, None]) * scale[:, None, None] + self.bias[:, None, None]


class Network(nn.Module):
    """The children of `layers` have the positions of the layers in lamina."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict({"1": nn.Conv2d(1, 4, 2), "3": Norm(4), "5": nn.Linear(16, 3)})

    def forward(self, x):
        x = self.layers["3"](F.relu(self.layers["1"](x)))
        return self.layers["5"](x.flatten(1))


def put(name, net):
    for key, value in net.state_dict().items():
        if "layers." in key:
            vectors[f"{name}/{key.split('layers.')[1]}"] = value.clone()


images = torch.randn(4 * BATCH, 1, 3, 3).half().double()
labels = torch.randint(0, 3, (4 * BATCH,))
vectors["images"], vectors["labels"] = images, labels.double()


def train(name, make, schedule=None, clip=None, average=None, smoothing=0.0, weights=None):
    net = Network()
    put(f"{name}/before", net)
    optimizer = make(net)
    scheduler = schedule(optimizer) if schedule else None
    averaged = (
        AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(average), use_buffers=True)
        if average
        else None
    )
    for step in range(12):
        part = slice(step % 4 * BATCH, (step % 4 + 1) * BATCH)
        loss = F.cross_entropy(
            net(images[part]), labels[part], label_smoothing=smoothing, reduction="none"
        )
        if weights is not None:
            loss = loss * weights[labels[part]]
        optimizer.zero_grad()
        loss.mean().backward()
        if clip:
            clip(net.parameters())
        optimizer.step()
        if scheduler and step < 11:
            scheduler.step()
        if averaged:
            averaged.update_parameters(net)
    put(f"{name}/after", net)
    if averaged:
        put(f"{name}/average", averaged)


def adamw(net):
    decayed = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": decayed, "weight_decay": 0.5}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=0.1, eps=1e-6)


def sgd(net):
    return torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)


vectors["schedules/step"] = factors(lambda o: lr_scheduler.StepLR(o, 2 * EPOCH, gamma=0.3))
vectors["schedules/cosine"] = factors(
    lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.05)
)
vectors["schedules/one_cycle"] = factors(
    lambda o: lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=STEPS, cycle_momentum=False)
)
vectors["schedules/warm_up"] = factors(warm_up_then_cosine)
plateau()
train(
    "adamw",
    adamw,
    schedule=lambda o: lr_scheduler.OneCycleLR(
        o, max_lr=0.1, total_steps=12, pct_start=0.4, cycle_momentum=False
    ),
    clip=lambda p: torch.nn.utils.clip_grad_norm_(p, 0.3),
    average=0.9,
    smoothing=0.1,
    weights=torch.tensor([0.5, 1.0, 2.0]),
)
train("sgd", sgd, clip=lambda p: torch.nn.utils.clip_grad_value_(p, 0.05))
save_file(vectors, pathlib.Path(__file__).with_name("training_vectors.safetensors"))
