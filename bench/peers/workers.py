# SPDX-License-Identifier: BSL-1.0
"""The peers as processes: which ones are installed, how they start and how they are asked."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import suite

here = pathlib.Path(__file__).resolve().parent
# name: folder under build/peers, module that it needs, script and its arguments
in_python = {"PyTorch": ("pytorch", "torch", "pytorch.py", "eager"),
             "PyTorch channels_last": ("pytorch", "torch", "pytorch.py", "channels_last"),
             "PyTorch compiled": ("pytorch", "torch", "pytorch.py", "compiled"),
             "onnxruntime": ("onnxruntime", "onnxruntime", "onnx_runtime.py"),
             "OpenVINO": ("openvino", "openvino", "open_vino.py"),
             "Keras": ("tensorflow", "tensorflow", "keras_tensorflow.py"),
             "JAX": ("jax", "jax", "jax_numpy.py")}
# name: program and its arguments
in_cpp = {"lamina direct": ("bench_peers", "direct"), "oneDNN 2": ("bench_peers_onednn",),
          "oneDNN 3": ("bench_peers_onednn_new",), "dlib": ("bench_peers_dlib",)}
everyone = [*in_cpp, *in_python]


def environment_for(threads):
    """One pool of so many threads, whatever a peer is made of."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONDONTWRITEBYTECODE": "1",
                   "MKL_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3",
                   "TF_ENABLE_ONEDNN_OPTS": "1", "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("OPENBLAS_CORETYPE", None)
    return environment


class Worker:
    """A peer on so many threads, asked line by line."""

    def __init__(self, name, command, threads):
        self.name, self.threads = name, threads
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=self.errors,
                                        env=environment_for(threads))

    def begin(self, *words):
        """Asks, without waiting for the answer."""
        try:
            print(*words, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass

    def answer(self, question="a question"):
        """The answer to what was asked; raises RuntimeError where the peer broke."""
        for line in self.process.stdout:
            if line.startswith("@ "):
                return json.loads(line[2:])
        self.errors.seek(0)
        last = self.errors.read().decode(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"{question}: {last[0] if last else 'no answer'}")

    def ask(self, *words):
        self.begin(*words)
        return self.answer(" ".join(map(str, words)))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def python_with(folder, module):
    others = filter(None, os.environ.get("LAMINA_PEER_PYTHONS", "").split(":"))
    for python in (suite.root / "build/peers" / folder / "bin/python", *others):
        if pathlib.Path(python).exists() and subprocess.run(
                [python, "-c", f"import importlib.util as u, sys; sys.exit(not u.find_spec('{module}'))"],
                capture_output=True).returncode == 0:
            return python
    return None


def commands(wanted, threads):
    """The command of each peer that is installed, by name."""
    found = {}
    for name, (program, *arguments) in in_cpp.items():
        if name in wanted:
            if (suite.folder / program).exists():
                found[name] = [suite.folder / program, threads, *arguments]
            else:
                print(f"without {name}: not installed", file=sys.stderr)
    for name, (folder, module, script, *arguments) in in_python.items():
        if name not in wanted:
            continue
        python = python_with(folder, module)
        if python is None:
            print(f"without {name}: not installed", file=sys.stderr)
        else:
            found[name] = [python, here / script, threads, *arguments]
    return found


def ours(threads):
    return Worker("lamina", [suite.folder / "bench_peers", threads], threads)
