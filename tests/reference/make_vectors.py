# SPDX-License-Identifier: BSL-1.0
"""Makes vectors.safetensors, what PyTorch says of each layer, each loss and ten training steps.

    pip install torch safetensors
    python make_vectors.py            # writes the file beside this script
    python make_vectors.py --compare  # computes it again and compares

Everything is computed in double. README.md beside this script says how the tensors are named.
"""

import argparse
import pathlib
import zlib

import numpy
import torch
from safetensors.numpy import load_file, save_file
from torch import nn
from torch.nn import functional as F

BATCHES = (1, 3, 16, 17)
FILE = pathlib.Path(__file__).with_name("vectors.safetensors")
GOLDEN_GAMMA = numpy.uint64(0x9E3779B97F4A7C15)
torch.set_default_dtype(torch.float64)
vectors, cases = {}, {}


def put(name, tensor):
    """Stores numbers as halves or floats where that loses nothing."""
    exact = tensor.detach().numpy()
    short = (exact.astype(kind) for kind in (numpy.float16, numpy.float32))
    vectors[name] = next((each for each in short if (each == exact).all()), exact).copy()


def given(name, *shape, scale=1.0):
    """Random numbers that a half can hold, stored as halves; each name has its own sequence."""
    generator = numpy.random.default_rng(zlib.crc32(name.encode()))
    values = (scale * generator.standard_normal(shape)).astype(numpy.float16)
    vectors[name] = values
    return torch.from_numpy(values.astype(numpy.float64))


def layer(case, about, inputs, forward, parameters=None):
    """A layer whose images do not see each other: 17 of them, and the parameters' gradients of the
    first 1, 3, 16 and 17, for the loss sum(output * grad_output)."""
    cases[case] = about
    parameters = {
        name: given(f"{case}/{name}", *shape, scale=scale).requires_grad_()
        for name, (shape, scale) in (parameters or {}).items()
    }
    x = given(f"{case}/input", BATCHES[-1], *inputs).requires_grad_()
    y = forward(x, **parameters)
    weights = given(f"{case}/grad_output", *y.shape)
    put(f"{case}/output", y)
    put(f"{case}/grad_input", torch.autograd.grad((y * weights).sum(), x, retain_graph=True)[0])
    for batch in BATCHES if parameters else ():
        gradients = torch.autograd.grad(
            (y * weights)[:batch].sum(), list(parameters.values()), retain_graph=True
        )
        for name, gradient in zip(parameters, gradients):
            put(f"{case}/batch{batch}/grad_{name}", gradient)


def same_padding(size, window, stride):
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def pad(x, window, stride, same, value=0.0):
    if not same:
        return x
    top, bottom = same_padding(x.shape[2], window[0], stride[0])
    left, right = same_padding(x.shape[3], window[1], stride[1])
    return F.pad(x, (left, right, top, bottom), value=value)


def conv2d(x, weight, bias, stride, same):
    return F.conv2d(pad(x, weight.shape[2:], stride, same), weight, bias, stride)


def max_pool(x, window, stride, same):
    return F.max_pool2d(pad(x, window, stride, same, -torch.inf), window, stride)


def average_pool(x, window, stride, same):
    count = F.avg_pool2d(pad(torch.ones_like(x), window, stride, same), window, stride)
    return F.avg_pool2d(pad(x, window, stride, same), window, stride) / count


def dense_layers():
    for inputs, outputs in ((1, 1), (3, 2), (7, 5), (19, 11), (5, 17)):
        layer(
            f"dense_{inputs}_{outputs}",
            f"dense, {inputs} to {outputs}",
            (inputs,),
            F.linear,
            {"weight": ((outputs, inputs), 0.5), "bias": ((outputs,), 0.5)},
        )


def convolutions():
    # channels, height, width, filters, window, stride, same
    for c, h, w, f, window, stride, same in (
        (3, 3, 2, 4, (1, 1), (1, 1), False),
        (2, 4, 3, 6, (3, 3), (1, 1), True),
        (3, 3, 4, 7, (3, 3), (1, 1), False),
        (1, 5, 4, 2, (5, 5), (1, 1), True),
        (1, 4, 5, 1, (7, 7), (1, 1), True),
        (1, 8, 7, 1, (7, 7), (1, 1), False),
        (1, 4, 6, 2, (3, 5), (1, 1), True),
        (1, 6, 4, 3, (5, 1), (1, 1), False),
        (1, 3, 5, 2, (2, 2), (1, 1), True),
        (2, 4, 5, 3, (3, 3), (2, 2), True),
        (1, 7, 6, 2, (3, 3), (2, 2), False),
        (1, 5, 6, 2, (5, 5), (2, 2), True),
        (2, 4, 5, 2, (1, 1), (2, 2), True),
        (1, 7, 4, 2, (3, 2), (2, 1), False),
    ):
        padding = "same" if same else "valid"
        shape = "x".join(map(str, window)) + "_stride" + "x".join(map(str, stride))
        layer(
            f"conv2d_{shape}_{padding}",
            f"conv2d, {c} channels of {h} x {w} to {f} filters, "
            f"window {window}, stride {stride}, {padding}",
            (c, h, w),
            lambda x, weight, bias, stride=stride, same=same: conv2d(x, weight, bias, stride, same),
            {"weight": ((f, c, *window), 0.4), "bias": ((f,), 0.5)},
        )


def pools():
    # channels, height, width, window, stride, same
    for c, h, w, window, stride, same in (
        (2, 3, 5, (2, 2), (2, 2), True),
        (1, 5, 7, (2, 2), (2, 2), False),
        (3, 4, 2, (2, 2), (2, 2), True),
        (1, 6, 5, (3, 3), (2, 2), True),
        (1, 4, 5, (3, 3), (1, 1), False),
        (1, 4, 5, (3, 3), (1, 1), True),
        (1, 5, 6, (3, 3), (2, 1), False),
    ):
        padding = "same" if same else "valid"
        shape = f"{c}x{h}x{w}_{window[0]}x{window[1]}_stride{stride[0]}x{stride[1]}_{padding}"
        for name, forward in (("max_pool", max_pool), ("average_pool", average_pool)):
            layer(
                f"{name}_{shape}",
                f"{name}, {c} channels of {h} x {w}, window {window}, stride {stride}, {padding}",
                (c, h, w),
                lambda x, f=forward, a=(window, stride, same): f(x, *a),
            )
    layer(
        "max_pool_ties",
        "max_pool of sign(input), 2 channels of 2 x 6, window (2, 2), stride "
        "(2, 2): the first of equals wins",
        (2, 2, 6),
        lambda x: F.max_pool2d(x - (x - x.sign()).detach(), 2),
    )
    layer(
        "global_average_pool",
        "global_average_pool, 3 channels of 3 x 2",
        (3, 3, 2),
        lambda x: x.mean((2, 3)),
    )


def activations():
    for name, forward in (
        ("relu", F.relu),
        ("leaky_relu", lambda x: F.leaky_relu(x, 0.01)),
        ("hyperbolic_tangent", torch.tanh),
        ("sigmoid", torch.sigmoid),
        ("softmax", lambda x: F.softmax(x, 1)),
    ):
        layer(
            name,
            f"{name} of 9 numbers" + (", slope 0.01" if name == "leaky_relu" else ""),
            (9,),
            forward,
        )


def residual_blocks():
    layer(
        "residual_dense",
        "x + tanh(dense(x)), 7 numbers",
        (7,),
        lambda x, weight, bias: x + torch.tanh(F.linear(x, weight, bias)),
        {"weight": ((7, 7), 0.4), "bias": ((7,), 0.5)},
    )

    def block(x, weight, bias, weight2, bias2):
        return x + F.conv2d(F.relu(F.conv2d(x, weight, bias, padding=1)), weight2, bias2, padding=1)

    layer(
        "residual_conv2d",
        "x + conv2d(relu(conv2d(x))), 2 channels of 4 x 3, 5 filters and 2, window 3 x 3, same",
        (2, 4, 3),
        block,
        {
            "weight": ((5, 2, 3, 3), 0.3),
            "bias": ((5,), 0.5),
            "weight2": ((2, 5, 3, 3), 0.3),
            "bias2": ((2,), 0.5),
        },
    )


def batch_norm():
    """Training on each batch by itself, from the same moving statistics."""
    momentum, epsilon = 0.99, 1e-3
    for case, channels, plane in (("batch_norm_image", 2, (3, 2)), ("batch_norm_flat", 7, ())):
        cases[case] = f"batch_norm, {channels} channels" + (
            f" of {plane[0]} x {plane[1]}" if plane else ""
        )
        weight = given(f"{case}/weight", channels).requires_grad_()
        bias = given(f"{case}/bias", channels).requires_grad_()
        running_mean = given(f"{case}/running_mean", channels)
        vectors[f"{case}/running_var"] = numpy.linspace(0.5, 2, channels).astype(numpy.float16)
        running_var = torch.from_numpy(vectors[f"{case}/running_var"].astype(numpy.float64))
        images = given(f"{case}/input", BATCHES[-1], channels, *plane)
        weights = given(f"{case}/grad_output", BATCHES[-1], channels, *plane)
        put(
            f"{case}/inference",
            F.batch_norm(images, running_mean, running_var, weight, bias, False, 0.0, epsilon),
        )
        for batch in BATCHES:
            x = images[:batch].clone().requires_grad_()
            over = tuple(i for i in range(x.dim()) if i != 1)
            variance, mean = torch.var_mean(x, over, correction=0)
            if batch > 1 or plane:  # PyTorch refuses one number per channel
                y = F.batch_norm(x, None, None, weight, bias, True, 0.0, epsilon)
            else:
                y = (x - mean) / torch.sqrt(variance + epsilon) * weight + bias
            gradients = torch.autograd.grad((y * weights[:batch]).sum(), (x, weight, bias))
            put(f"{case}/batch{batch}/output", y)
            for name, gradient in zip(("input", "weight", "bias"), gradients):
                put(f"{case}/batch{batch}/grad_{name}", gradient)
            put(
                f"{case}/batch{batch}/running_mean", momentum * running_mean + (1 - momentum) * mean
            )
            put(
                f"{case}/batch{batch}/running_var",
                momentum * running_var + (1 - momentum) * variance,
            )


def losses():
    """The mean over each batch, and its gradient."""
    classes = 7
    labels = torch.from_numpy(numpy.random.default_rng(7).integers(0, classes, BATCHES[-1]))
    vectors["labels"] = labels.numpy().astype(numpy.float16)
    for case, smoothing in (("cross_entropy", 0.0), ("cross_entropy_smoothed", 0.1)):
        cases[case] = (
            f"softmax and cross-entropy, {classes} classes, label smoothing {smoothing}, "
            "labels in `labels`"
        )
        logits = given(f"{case}/input", BATCHES[-1], classes, scale=2.0)
        for batch in BATCHES:
            x = logits[:batch].clone().requires_grad_()
            loss = F.cross_entropy(x, labels[:batch], label_smoothing=smoothing)
            put(f"{case}/batch{batch}/loss", loss)
            put(f"{case}/batch{batch}/grad_input", torch.autograd.grad(loss, x)[0])
    cases["mean_squared_error"] = "mean squared error of 5 outputs"
    outputs = given("mean_squared_error/input", BATCHES[-1], 5)
    targets = given("mean_squared_error/target", BATCHES[-1], 5)
    for batch in BATCHES:
        x = outputs[:batch].clone().requires_grad_()
        loss = F.mse_loss(x, targets[:batch])
        put(f"mean_squared_error/batch{batch}/loss", loss)
        put(f"mean_squared_error/batch{batch}/grad_input", torch.autograd.grad(loss, x)[0])


def lowbias32(x):
    """32 bits of 32: C. Wellons' hash-prospector."""
    x = (x ^ (x >> numpy.uint32(16))) * numpy.uint32(0x7FEB352D)
    x = (x ^ (x >> numpy.uint32(15))) * numpy.uint32(0x846CA68B)
    return x ^ (x >> numpy.uint32(16))


def scramble(first, count):
    """32 bits of each whole number from `first`."""
    return lowbias32(numpy.arange(first, first + count, dtype=numpy.uint64).astype(numpy.uint32))


def initial_weight(number, shape):
    """Uniform in +-sqrt(6 / (fan_in + fan_out)); `number` counts the weights of the network."""
    taps = int(numpy.prod(shape[2:]))
    limit = numpy.sqrt(6 / ((shape[0] + shape[1]) * taps))
    unit = (scramble(number << 24, int(numpy.prod(shape))) >> numpy.uint32(8)).astype(
        numpy.float64
    ) / 2**23 - 1
    return torch.from_numpy((limit * unit).reshape(shape))


def step_images(step, classes):
    """32 images of bytes and their labels; step counts from 0."""
    pixels = scramble(0xA0000000 + step * 32 * 784, 32 * 784) >> numpy.uint32(24)
    labels = scramble(0xB0000000 + step * 32, 32) % numpy.uint32(classes)
    images = pixels.astype(numpy.float64).reshape(32, 1, 28, 28) / 255
    return torch.from_numpy(images), torch.from_numpy(labels.astype(numpy.int64))


class BatchNorm(nn.Module):
    """As in Keras: momentum 0.99, epsilon 1e-3, the biased variance in the moving statistics."""

    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(
            torch.zeros(channels)
        )
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        with torch.no_grad():
            variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
            self.running_mean.mul_(0.99).add_(0.01 * mean)
            self.running_var.mul_(0.99).add_(0.01 * variance)
        return F.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, 1e-3)


def splitmix64(state, counter):
    """Number `counter`, an integer or an array, of the sequence of Steele, Lea and Flood (2014)."""
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(state) + (numpy.uint64(counter) + numpy.uint64(1)) * GOLDEN_GAMMA
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        return z ^ (z >> numpy.uint64(31))


def random_bits(seed, stream, counter):
    return splitmix64(splitmix64(splitmix64(seed, 0), stream), counter)


class Dropout(nn.Module):
    """What lamina keeps of the samples 0 to 31, 32 to 63, ... in the first epoch of seed 0."""

    def __init__(self, rate, layer):
        super().__init__()
        self.rate, self.layer, self.samples = rate, layer, numpy.arange(32, dtype=numpy.uint64)

    def forward(self, x):
        epoch = random_bits(0, 2, 1)  # stream 2 is dropout's
        keys = (random_bits(epoch, self.layer, self.samples) >> numpy.uint64(32)).astype("uint32")
        self.samples += numpy.uint64(len(keys))
        features = numpy.arange(x[0].numel(), dtype=numpy.uint32)
        kept = lowbias32(keys[:, None] + features * numpy.uint32(0x9E3779B9)) >= self.rate * 2**32
        return x * torch.from_numpy(kept).reshape(x.shape) / (1 - self.rate)


def network(name, dropout=False):
    """The layers from position 1 on, as in lamina's type; None is a dropout of rate 0."""
    if name == "asl_cnn":
        layers = []
        for inputs, outputs in ((1, 75), (75, 50), (50, 25)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
            if outputs == 50:
                layers += [Dropout(0.2, len(layers)) if dropout else None]
            layers += [BatchNorm(outputs), nn.MaxPool2d(2, ceil_mode=True)]
        layers += [nn.Flatten(), nn.Linear(400, 512), nn.ReLU()]
        return layers + [Dropout(0.3, len(layers)) if dropout else None, nn.Linear(512, 24)]
    classes = 10 if name == "mnist_mlp" else 24
    return [
        nn.Flatten(),
        nn.Linear(784, 512),
        nn.ReLU(),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Linear(512, classes),
    ]


class KerasRMSprop:
    def __init__(self, parameters, lr, alpha, eps):
        self.parameters, self.lr, self.alpha, self.eps = list(parameters), lr, alpha, eps
        self.velocity = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.parameters, self.velocity):
            v.mul_(self.alpha).addcmul_(p.grad, p.grad, value=1 - self.alpha)
            p.sub_(self.lr * p.grad / torch.sqrt(v + self.eps))


def train(name, run, optimizer_type, rate=1e-3, dropout=False):
    layers = network(name, dropout)
    net = nn.Sequential(*(each for each in layers if each is not None))
    tensors = {}  # by their names in a file of lamina
    for position, each in enumerate(layers, 1):
        if each is not None:
            tensors.update(
                {
                    f"{position}.{key}": value
                    for key, value in each.state_dict(keep_vars=True).items()
                }
            )
    weights = [tensor for tensor in tensors.values() if tensor.dim() > 1]
    with torch.no_grad():
        for each in net:
            if isinstance(each, (nn.Linear, nn.Conv2d)):
                each.bias.zero_()
        for number, weight in enumerate(weights):
            weight.copy_(initial_weight(number, weight.shape))
    optimizer = optimizer_type(net.parameters(), lr=rate, alpha=0.9, eps=1e-7)
    losses = []
    for step in range(10):
        images, labels = step_images(step, 10 if name == "mnist_mlp" else 24)
        loss = F.cross_entropy(net(images), labels)
        net.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    case = f"{name}/{run}"
    cases[case] = f"ten training steps of {name} {'with' if dropout else 'without'} dropout, {run}"
    put(f"{case}/loss", torch.tensor(losses))
    for key, tensor in tensors.items():
        values = tensor.detach().flatten()
        put(f"{case}/{key}/sample", values[:: len(values) // 128 | 1].float())
        put(f"{case}/{key}/norm", values.norm())


def networks():
    for name in ("mnist_mlp", "asl_mlp", "asl_cnn"):
        train(name, "inside_root", KerasRMSprop)
        train(name, "beside_root", torch.optim.RMSprop)
    train("asl_cnn", "slow", KerasRMSprop, rate=1e-4)
    train("asl_cnn", "dropout", KerasRMSprop, dropout=True)


def make():
    for part in (
        dense_layers,
        convolutions,
        pools,
        activations,
        residual_blocks,
        batch_norm,
        losses,
        networks,
    ):
        part()


def apart(found, expected):
    """The largest difference, relative to the largest number."""
    found, expected = found.astype(numpy.float64), expected.astype(numpy.float64)
    return float(numpy.abs(found - expected).max() / (numpy.abs(expected).max() + 1e-300))


def compare():
    committed = load_file(FILE)
    assert committed.keys() == vectors.keys(), committed.keys() ^ vectors.keys()
    return max(apart(vectors[name], committed[name]) for name in vectors)


parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--compare", action="store_true", help="with the file, write nothing")
options = parser.parse_args()
make()
if options.compare:
    print(f"largest difference, relative to the tensor's largest number: {compare():.1e}")
else:
    save_file(vectors, FILE, {**cases, "torch": torch.__version__})
