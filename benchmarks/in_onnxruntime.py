"""onnxruntime as a side: the paper's network as an ONNX model; a first prediction as a program.

python3 -m benchmarks.in_onnxruntime model.onnx
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    from verypoorcnn.training.benchmark.contest import Side
    from verypoorcnn.training.benchmark.task import Task

OPERATIONS = [  # operator, its inputs besides the one before, attributes
    ("Conv", ["conv1.weight"], {"kernel_shape": [5, 5], "strides": [3, 3]}),
    ("Relu", [], {}),
    ("MaxPool", [], {"kernel_shape": [3, 3], "strides": [1, 1]}),
    ("Flatten", [], {}),
    ("Gemm", ["fc1.weight", "fc1.bias"], {"transB": 1}),
    ("Relu", [], {}),
    ("Gemm", ["fc2.weight", "fc2.bias"], {"transB": 1}),
    ("Softmax", [], {"axis": 1}),
]


def model(task: Task) -> bytes:
    """The paper's network with the task's values, from images [s][1][28][28] to probabilities."""
    from onnx import TensorProto, checker, helper

    nodes = [
        helper.make_node(operator, [f"v{k}", *inputs], [f"v{k + 1}"], **attributes)
        for k, (operator, inputs, attributes) in enumerate(OPERATIONS)
    ]
    values = [
        helper.make_tensor(name, TensorProto.FLOAT, tensor.shape, tensor.values.tolist())
        for name, tensor in task.parameters.items()
    ]
    images = helper.make_tensor_value_info("v0", TensorProto.FLOAT, ["s", 1, 28, 28])
    rows = helper.make_tensor_value_info(f"v{len(nodes)}", TensorProto.FLOAT, ["s", 10])
    graph = helper.make_graph(nodes, "paper", [images], [rows], values)
    versions = [helper.make_opsetid("", 17)]
    found = helper.make_model(graph, opset_imports=versions, ir_version=9)
    checker.check_model(found)
    return found.SerializeToString()


def session(source: bytes | str) -> onnxruntime.InferenceSession:
    """A session of one thread, from a model or the file with it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def images_of(task: Task) -> np.ndarray:
    """The first batch as numbers from 0 to 1."""
    pixels = np.frombuffer(task.data.pixels, np.uint8).reshape(-1, 1, 28, 28)
    return pixels[task.order[: task.batch_size]].astype(np.float32) / 255


def inference(task: Task) -> Side:
    """Probabilities of the first batch."""
    from verypoorcnn.training.benchmark.contest import Side

    network, images = session(model(task)), images_of(task)

    def work(batches: int) -> None:
        for _ in range(batches):
            network.run(None, {"v0": images})

    return Side("onnxruntime", work)


def export(folder: Path, task: Task) -> Path:
    """The task's network as a file for the program below."""
    path = folder / "model.onnx"
    path.write_bytes(model(task))
    return path


if __name__ == "__main__":
    images = np.zeros((1, 1, 28, 28), np.float32)
    print(session(sys.argv[1]).run(None, {"v0": images})[0].argmax())
