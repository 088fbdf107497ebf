"""Writes fixtures/golden/tensors.safetensors: tensors as stored by the reference implementation of safetensors.

    pip install safetensors numpy && python scripts/golden/tensors.py

Run by hand, once; the tests read the file and need no Python. Given the path of a file, it prints what the reference
implementation reads in it instead: `python scripts/golden/tensors.py models/mine/weights.safetensors`.
"""

import sys
from pathlib import Path

import numpy
from safetensors import safe_open
from safetensors.numpy import save_file

OUTPUT = Path(__file__).parents[2] / "fixtures" / "golden" / "tensors.safetensors"

if len(sys.argv) > 1:
    with safe_open(sys.argv[1], framework="numpy") as file:
        print(file.metadata())
        for name in file.keys():
            values = file.get_tensor(name)
            print(name, values.dtype, list(values.shape), values.reshape(-1)[:4].tolist())
else:
    tensors = {
        "timesSec": numpy.array([0, 1 / 3, 0.7], numpy.float64),
        "bias": numpy.array([], numpy.float32),
        "features": numpy.array([[0.1, -2], [3e-8, numpy.inf], [5, -0.0]], numpy.float32),
        "scale": numpy.array(1e-45, numpy.float32),
        "übung": numpy.arange(4, dtype=numpy.float32).reshape(1, 2, 2),
    }
    save_file(tensors, OUTPUT, metadata={"video": 'vidéo "1".mp4'})
