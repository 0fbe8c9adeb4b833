# SPDX-License-Identifier: BSL-1.0
"""What the peers written in Python share: the questions of bench/peers/run, weights and images.
A peer is a class with outputs(network), losses(network) and iteration(network, mode, batch), each
None where it does not have that; see worker.hpp for the questions."""
import json
import pathlib
import struct
import sys
import time

import numpy

threads = int(sys.argv[1])
classes = {"mnist_mlp": 10, "asl_cnn": 24}
learning_rate, rho, epsilon = 1e-3, 0.9, 1e-7


def now():
    """Processor time of the process for one thread, else the clock on the wall."""
    return time.process_time() if threads == 1 else time.perf_counter()


def seconds_of(iteration, at_least):
    """Seconds of an iteration: after two to warm up, as many as fill the time."""
    iteration()
    iteration()
    begun, count, passed = now(), 0, 0.0
    while passed < at_least or count < 3:
        iteration()
        count += 1
        passed = now() - begun
    return passed / count


def tensors(path):
    """The tensors of a safetensors file, by name."""
    data = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            values = numpy.frombuffer(data[8 + length + first:8 + length + last], "<f4")
            found[name] = values.reshape(entry["shape"]).copy()
    return found


class Shared:
    """The folder that lamina exported."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.images = numpy.fromfile(self.folder / "images.f32", "<f4").reshape(1024, 784)

    def labels(self, network):
        return numpy.fromfile(self.folder / f"{network}.labels.u8", numpy.uint8)

    def weights(self, network, fresh=False):
        return tensors(self.folder / f"{network}{'.fresh' if fresh else ''}.safetensors")


def serve(make):
    """Answers until the questions end; make(shared) is the peer."""
    peer = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == "load":
            peer, answer = make(Shared(words[0])), True
        elif command in ("outputs", "losses"):
            answer = getattr(peer, command)(words[0])
            if answer is not None:
                answer = [float(value) for value in numpy.asarray(answer).ravel()]
        else:
            network, mode, batch, seconds = words
            iteration = peer.iteration(network, mode, int(batch))
            answer = None if iteration is None else seconds_of(iteration, float(seconds))
        print("@", json.dumps(answer), flush=True)
