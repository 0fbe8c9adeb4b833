# SPDX-License-Identifier: BSL-1.0
"""The networks as ONNX, for onnxruntime and OpenVINO."""
import onnx
from onnx import TensorProto, helper, numpy_helper


def convolution_block(add, weights, position, dropout):
    """A block that begins at this position; returns the next position."""
    add("Conv", [f"{position}.weight", f"{position}.bias"], pads=[1, 1, 1, 1])
    add("Relu", [])
    norm = position + (3 if dropout else 2)
    add("BatchNormalization", [f"{norm}.{name}" for name in
                               ("weight", "bias", "running_mean", "running_var")], epsilon=1e-3)
    add("MaxPool", [], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    return norm + 2


def model(network, weights, batch):
    """A model from (batch, 784) to probabilities."""
    nodes, last = [], "images"

    def add(kind, inputs, **attributes):
        nonlocal last
        result = f"value{len(nodes)}"
        nodes.append(helper.make_node(kind, [last, *inputs], [result], **attributes))
        last = result

    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    if network == "mnist_mlp":
        layers = [2, 4, 6]
    else:
        import numpy
        constants.append(numpy_helper.from_array(numpy.array([batch, 1, 28, 28]), "shape"))
        add("Reshape", ["shape"])
        second = convolution_block(add, weights, 1, False)
        third = convolution_block(add, weights, second, True)
        end = convolution_block(add, weights, third, False)
        add("Flatten", [])
        layers = [end + 1, end + 4]
    for number, position in enumerate(layers):
        add("Gemm", [f"{position}.weight", f"{position}.bias"], transB=1)
        if number + 1 < len(layers):
            add("Relu", [])
    add("Softmax", [], axis=1)
    graph = helper.make_graph(
        nodes, network, [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 784])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, [batch, None])], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    onnx.checker.check_model(made)
    return made.SerializeToString()
