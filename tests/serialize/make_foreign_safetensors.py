#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes foreign_safetensors.hpp: a small file made by the reference implementation.

    python3 tests/serialize/make_foreign_safetensors.py > tests/serialize/foreign_safetensors.hpp
"""

import safetensors
import torch
from safetensors.torch import save

values = torch.tensor([[0, 1, -2], [0.5, 65504, 2**-14]], dtype=torch.float64)
data = save(
    {
        "F32": values.float(),
        "F64": values,
        "F16": values.half(),
        "BF16": values.bfloat16(),
        "I64": torch.tensor([1, 2, 3]),
        "empty": torch.zeros(3, 0),
    },
    metadata={"format": "pt", "é": '"\\\n☃😀'},
)
print("// SPDX-License-Identifier: BSL-1.0")
print(f"// made by make_foreign_safetensors.py with safetensors {safetensors.__version__}")
print("#pragma once\n\n// clang-format off\nnamespace foreign {\n")
print("inline constexpr unsigned char bytes[] = {")
for i in range(0, len(data), 16):
    print("    " + ", ".join(f"0x{byte:02x}" for byte in data[i : i + 16]) + ",")
print("};\n\n}  // namespace foreign")
