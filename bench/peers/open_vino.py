# SPDX-License-Identifier: BSL-1.0
"""OpenVINO: predictions alone."""
import openvino

import onnx_model
import worker


class Peer:
    def __init__(self, shared):
        self.shared = shared
        self.core = openvino.Core()
        self.made = {}

    def request(self, network, batch):
        if (network, batch) not in self.made:
            model = self.core.read_model(
                model=onnx_model.model(network, self.shared.weights(network), batch))
            compiled = self.core.compile_model(model, "CPU", {
                "INFERENCE_NUM_THREADS": worker.threads, "NUM_STREAMS": 1,
                "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"})
            self.made[network, batch] = compiled.create_infer_request()
        return self.made[network, batch]

    def outputs(self, network):
        request = self.request(network, 64)
        request.infer({0: self.shared.images[:64]})
        return request.get_output_tensor(0).data

    def losses(self, network):
        return None

    def iteration(self, network, mode, batch):
        if mode == "training":
            return None
        request = self.request(network, batch)
        request.set_input_tensor(0, openvino.Tensor(self.shared.images[:batch].copy()))
        return request.infer


worker.serve(Peer)
