# SPDX-License-Identifier: BSL-1.0
"""onnxruntime: predictions alone."""
import onnxruntime

import onnx_model
import worker


class Peer:
    def __init__(self, shared):
        self.shared = shared
        self.made = {}

    def session(self, network, batch):
        if (network, batch) not in self.made:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = worker.threads
            options.inter_op_num_threads = 1
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
            model = onnx_model.model(network, self.shared.weights(network), batch)
            self.made[network, batch] = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"])
        return self.made[network, batch]

    def outputs(self, network):
        return self.session(network, 64).run(None, {"images": self.shared.images[:64]})[0]

    def losses(self, network):
        return None

    def iteration(self, network, mode, batch):
        if mode == "training":
            return None
        session, images = self.session(network, batch), self.shared.images[:batch]
        return lambda: session.run(None, {"images": images})


worker.serve(Peer)
