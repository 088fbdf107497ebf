"""Writes fixtures/golden/recurrent.json: what Keras computes for the recurrent layers.

Holds weights, inputs and initial states, and Keras's outputs, final states and gradients of sum(outputs * coefficients)
for each layer and shape. Run by hand, once; the tests read the file and need no Python.

    pip install keras jax && KERAS_BACKEND=jax python scripts/golden-recurrent.py
"""

import json
import os
import platform
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np

LAYERS = {
    "rnn": ("rnn", {}, lambda units, **options: keras.layers.SimpleRNN(units, **options)),
    "gru, reset after": ("gru", {"resetAfter": True}, lambda units, **options: keras.layers.GRU(units, reset_after=True, **options)),
    "gru, reset before": ("gru", {"resetAfter": False}, lambda units, **options: keras.layers.GRU(units, reset_after=False, **options)),
    "lstm": ("lstm", {}, lambda units, **options: keras.layers.LSTM(units, **options)),
}
SHAPES = [  # batch, time, features, units
    (2, 5, 3, 4),
    (1, 1, 2, 3),
    (3, 4, 2, 1),
    (1, 30, 3, 2),
]
STATES = {"rnn": ["hiddenState"], "gru": ["hiddenState"], "lstm": ["hiddenState", "cellState"]}
WEIGHTS = ["kernel", "recurrentKernel", "bias"]


def numbers(array):
    """Flat float32 values, in as many digits as tell them apart."""
    return [float(f"{value:.9g}") for value in np.asarray(array, np.float32).ravel()]


def named(names, arrays):
    return {name: {"shape": list(array.shape), "values": numbers(array)} for name, array in zip(names, arrays, strict=True)}


def golden(name, batch, time, features, units, random):
    kind, options, make = LAYERS[name]
    layer = make(units, return_sequences=True, return_state=True)
    layer.build((batch, time, features))
    draw = lambda shape: (0.7 * random.standard_normal(shape)).astype(np.float32)
    weights = [draw(weight.shape) for weight in layer.trainable_variables]
    inputs, coefficients = draw((batch, time, features)), draw((batch, time, units))
    states = [draw((batch, units)) for _ in STATES[kind]]

    def run(weights, inputs, states):
        (outputs, *final_states), _ = layer.stateless_call(weights, [v.value for v in layer.non_trainable_variables], inputs, initial_state=states)
        return (outputs * coefficients).sum(), (outputs, final_states)

    gradients, (outputs, final_states) = jax.grad(run, argnums=(0, 1, 2), has_aux=True)(weights, inputs, states)
    return {
        "name": f"{name}, batch {batch}, {time} steps, {features} features, {units} units",
        "kind": kind,
        "units": units,
        **options,
        "weights": named(WEIGHTS, weights),
        **named(["inputs", "coefficients"], [inputs, coefficients]),
        "initialState": named(STATES[kind], states),
        "outputs": named(["outputs"], [outputs])["outputs"],
        "finalState": named(STATES[kind], final_states),
        "gradients": {
            **named(WEIGHTS, gradients[0]),
            **named(["inputs"], [gradients[1]]),
            **named(STATES[kind], gradients[2]),
        },
    }


def main():
    random = np.random.default_rng(20240607)
    with jax.default_matmul_precision("highest"):
        cases = [golden(name, *shape, random) for name in LAYERS for shape in SHAPES]
    versions = {"python": platform.python_version(), "keras": keras.__version__, "jax": jax.__version__, "numpy": np.__version__}
    path = Path(__file__).parent.parent / "fixtures" / "golden" / "recurrent.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"versions": versions, "cases": cases}) + "\n")
    print(f"{path}: {len(cases)} cases, {path.stat().st_size} bytes, {versions}")


if __name__ == "__main__":
    main()
