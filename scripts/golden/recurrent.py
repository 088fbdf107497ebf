"""Writes fixtures/golden/recurrent-*.json: outputs and gradients of recurrent layers in Keras and PyTorch.

    pip install keras jax torch && KERAS_BACKEND=jax python scripts/golden/recurrent.py

Run by hand, once; the tests read the files and need no Python.

- recurrent-keras.json: one layer a case. Weights, inputs, initial states, masks; Keras's outputs, final states and all
  gradients of sum(outputs * coefficients) + sum(final states * state coefficients), so that gradients enter by both.
- recurrent-pytorch.json: the same from PyTorch, both directions of bidirectional modules, sequences packed by length.
  Weights and gradients are repacked as Keras has them. Keras must agree with every case, or no such file is written.
- recurrent-layers.json: stacks of Keras layers with their configurations, their weights in the order of get_weights(),
  outputs and gradients; layers that carry state from batch to batch; every layer's default configuration.

All is computed in float64 and written in nine digits, so that the numbers are more exact than any float32 run. What is
drawn is a multiple of 1/256: float32 and nine digits hold it exactly. Outputs of single layers stand at their own time,
whatever the direction. At a masked step Keras carries the state over and repeats it as output, also an initial state
before the first unmasked step; PyTorch has zeros there, and such a case says zeroOutputForMask.
"""

import json
import os
import platform
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import keras
import numpy as np
import torch
from keras import layers
from keras.src.backend.common import dtypes

jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")
dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # Keras narrows some results to float32 on every backend but one.

GOLDEN = Path(__file__).parent.parent / "fixtures" / "golden"
random = np.random.default_rng(20240607)

KERAS_LAYERS = {"rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}
STATES = {"rnn": ["hiddenState"], "gru": ["hiddenState"], "lstm": ["hiddenState", "cellState"]}
NUM_GATES = {"rnn": 1, "gru": 3, "lstm": 4}
WEIGHTS = ["kernel", "recurrentKernel", "bias"]
CELLS = [("rnn", {}), ("gru", {"resetAfter": True}), ("gru", {"resetAfter": False}), ("lstm", {})]
SHAPES = [(2, 5, 3, 4), (1, 1, 2, 3), (3, 4, 2, 1), (1, 7, 1, 5), (2, 30, 3, 6)]  # batch, time, features, units
OTHER_ACTIVATIONS = [
    ("rnn", {"activation": "relu"}),
    ("rnn", {"activation": "linear"}),
    ("rnn", {"activation": "sigmoid"}),
    ("gru", {"activation": "relu", "resetAfter": True}),
    ("gru", {"activation": "linear", "recurrentActivation": "tanh", "resetAfter": True}),
    ("gru", {"activation": "sigmoid", "resetAfter": False}),
    ("gru", {"recurrentActivation": "linear", "resetAfter": False}),
    ("lstm", {"activation": "relu"}),
    ("lstm", {"activation": "linear", "recurrentActivation": "tanh"}),
    ("lstm", {"activation": "sigmoid", "recurrentActivation": "linear"}),
]
# One row with gaps, one padded on the left, one padded on the right, one without a valid step.
MASK = np.array([[1, 1, 0, 1, 0, 0, 1], [0, 0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0], [0] * 7], bool)


def draw(*shape, scale=0.7):
    return np.round(256 * scale * random.standard_normal(shape)) / 256


def snake_case(options):
    """Keys in the form of Keras, which the tests pass on unchanged."""
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): value for key, value in options.items()}


def encoded(value):
    """Converts arrays at any depth to shape and flat values, and masks to 0 and 1."""
    if isinstance(value, dict):
        return {key: encoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [encoded(item) for item in value]
    if not hasattr(value, "shape"):
        return value
    array = np.asarray(value)
    is_mask = array.dtype == bool
    return {"shape": list(array.shape), "values": [int(x) if is_mask else float(f"{x:.9g}") for x in array.ravel()]}


def named(names, arrays):
    return dict(zip(names, arrays, strict=True))


def gradients_of(run, given, coefficients):
    """Returns the list of outputs of `run(*given)`, and the gradients of their sum weighted by the coefficients."""

    def loss(*given):
        outputs = run(*given)
        return sum((o * c).sum() for o, c in zip(outputs, coefficients, strict=True)), outputs

    with jax.default_matmul_precision("highest"):
        return jax.grad(loss, argnums=tuple(range(len(given))), has_aux=True)(*given)


def run_keras(kind, units, options, is_reversed, arrays):
    """Returns outputs, final state and gradients of one Keras layer for the inputs of `draw_case`."""
    dropout = arrays.get("recurrentMask")
    rate = {} if dropout is None else {"recurrent_dropout": 0.5}
    layer = KERAS_LAYERS[kind](
        units, return_sequences=True, return_state=True, go_backwards=is_reversed, **snake_case(options), **rate
    )
    layer.build(arrays["inputs"].shape)
    if dropout is not None:  # Keras draws a mask for each gate; here the gates share one.
        masks = dropout if kind == "rnn" else [dropout] * NUM_GATES[kind]
        layer.cell.get_recurrent_dropout_mask = lambda state: masks

    def run(weights, inputs, states):
        rest = [variable.value for variable in layer.non_trainable_variables]
        call = {"initial_state": states, "mask": arrays.get("mask"), "training": dropout is not None}
        (outputs, *final_states), _ = layer.stateless_call(weights, rest, inputs, **call)
        return [outputs[:, ::-1] if is_reversed else outputs, *final_states]

    given = [list(arrays["weights"].values()), arrays["inputs"], list(arrays["initialState"].values())]
    coefficients = [arrays["coefficients"], *arrays["stateCoefficients"].values()]
    gradients, (outputs, *final_states) = gradients_of(run, given, coefficients)
    return {
        "outputs": outputs,
        "finalState": named(STATES[kind], final_states),
        "gradients": named([*WEIGHTS, "inputs", *STATES[kind]], [*gradients[0], gradients[1], *gradients[2]]),
    }


def draw_case(kind, options, shape):
    """Draws the inputs of a layer. Recurrent kernels are small, so that thirty steps do not explode."""
    batch, time, features, units = shape
    scale = 0.4 if "activation" in options or "recurrentActivation" in options else 0.7
    width = NUM_GATES[kind] * units
    bias = (2, width) if options.get("resetAfter") else (width,)
    return {
        "weights": {
            "kernel": draw(features, width, scale=scale),
            "recurrentKernel": draw(units, width, scale=scale / np.sqrt(units)),
            "bias": draw(*bias, scale=scale),
        },
        "inputs": draw(batch, time, features),
        "initialState": {name: draw(batch, units) for name in STATES[kind]},
        "coefficients": draw(batch, time, units),
        "stateCoefficients": {name: draw(batch, units) for name in STATES[kind]},
    }


def name_of(kind, options, shape, *others):
    reset = {True: ["reset after"], False: ["reset before"]}.get(options.get("resetAfter"), [])
    activations = [f"{key} {value}" for key, value in options.items() if key != "resetAfter"]
    sizes = "batch {}, {} steps, {} features, {} units".format(*shape)
    return ", ".join([kind, *reset, *activations, sizes, *filter(None, others)])


def keras_case(kind, options, shape, is_reversed=False, **masks):
    arrays = {**draw_case(kind, options, shape), **masks}
    others = ["reversed" if is_reversed else "", "masked" if "mask" in masks else ""]
    others.append("recurrent dropout" if "recurrentMask" in masks else "")
    return {
        "name": name_of(kind, options, shape, *others),
        "kind": kind,
        "units": shape[-1],
        "options": options,
        "isReversed": is_reversed,
        **arrays,
        **run_keras(kind, shape[-1], options, is_reversed, arrays),
    }


def keras_cases():
    masked = (*MASK.shape, 2, 5)
    for kind, options in CELLS:
        for shape in SHAPES:
            yield keras_case(kind, options, shape)
        yield keras_case(kind, options, SHAPES[0], is_reversed=True)
        yield keras_case(kind, options, masked, mask=MASK)
        yield keras_case(kind, options, masked, is_reversed=True, mask=MASK)
        dropout = 2.0 * (random.random((2, 4)) < 0.5)
        yield keras_case(kind, options, SHAPES[0], recurrentMask=dropout)
    for kind, options in OTHER_ACTIVATIONS:
        yield keras_case(kind, options, SHAPES[0])
        yield keras_case(kind, options, masked, is_reversed=True, mask=MASK)


GATE_ORDERS = {"rnn": [0], "gru": [1, 0, 2], "lstm": [0, 1, 2, 3]}  # PyTorch's r z n as Keras's z r n
TORCH_MODULES = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


def repacked(kind, kernel, recurrent_kernel, input_bias, recurrent_bias, are_gradients=False):
    """Converts weights or gradients of PyTorch to the layout of Keras."""
    order, num_gates = GATE_ORDERS[kind], NUM_GATES[kind]
    pack = lambda array: np.concatenate([np.split(array.detach().numpy(), num_gates)[gate] for gate in order])
    biases = [pack(input_bias), pack(recurrent_bias)]
    if kind == "gru":
        bias = np.stack(biases)
    elif are_gradients:  # of the sum of two biases: the gradient of either
        np.testing.assert_allclose(*biases, rtol=0, atol=1e-12)
        bias = biases[0]
    else:
        bias = biases[0] + biases[1]
    return named(WEIGHTS, [pack(kernel).T, pack(recurrent_kernel).T, bias])


def pytorch_cases(kind, shape, activation, lengths):
    """Returns both directions of one bidirectional module separately, each with its own coefficients and gradients."""
    batch, time, features, units = shape
    given = {"nonlinearity": activation} if kind == "rnn" else {}
    module = TORCH_MODULES[kind](features, units, batch_first=True, bidirectional=True, dtype=torch.float64, **given)
    for weight in module.parameters():
        scale = 0.7 / np.sqrt(units) if tuple(weight.shape) == (NUM_GATES[kind] * units, units) else 0.7
        weight.data = torch.from_numpy(draw(*weight.shape, scale=scale))
    inputs = torch.from_numpy(draw(batch, time, features)).requires_grad_()
    states = [torch.from_numpy(draw(2, batch, units)).requires_grad_() for _ in STATES[kind]]
    mask = np.arange(time) < np.array(lengths)[:, None]

    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    packed_outputs, final_states = module(packed, tuple(states) if kind == "lstm" else states[0])
    outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(packed_outputs, batch_first=True, total_length=time)
    final_states = final_states if kind == "lstm" else [final_states]

    options = {"rnn": {"activation": activation}, "gru": {"resetAfter": True}, "lstm": {}}[kind]
    parameters = list(module.parameters())
    for direction in (0, 1):
        is_reversed, weights = direction == 1, parameters[4 * direction : 4 * direction + 4]
        mine, finals = outputs[:, :, direction * units : (direction + 1) * units], [s[direction] for s in final_states]
        coefficients = draw(batch, time, units) * mask[:, :, None]
        state_coefficients = [draw(batch, units) for _ in states]
        pairs = zip([mine, *finals], [coefficients, *state_coefficients], strict=True)
        loss = sum((tensor * torch.from_numpy(weighting)).sum() for tensor, weighting in pairs)
        gradients = torch.autograd.grad(loss, [*weights, inputs, *states], retain_graph=True)
        arrays = {
            "weights": repacked(kind, *weights),
            "inputs": inputs.detach().numpy(),
            "initialState": named(STATES[kind], [state[direction].detach().numpy() for state in states]),
            "coefficients": coefficients,
            "stateCoefficients": named(STATES[kind], state_coefficients),
            **({} if mask.all() else {"mask": mask}),
        }
        results = {
            "outputs": mine.detach().numpy(),
            "finalState": named(STATES[kind], [state.detach().numpy() for state in finals]),
            "gradients": {
                **repacked(kind, *gradients[:4], are_gradients=True),
                "inputs": gradients[4].numpy(),
                **named(STATES[kind], [gradient[direction].numpy() for gradient in gradients[5:]]),
            },
        }
        expect_agreement(results, run_keras(kind, units, options, is_reversed, arrays), mask)
        yield {
            "name": name_of(kind, options, shape, "reversed" * is_reversed, "" if mask.all() else "packed"),
            "kind": kind,
            "units": units,
            "options": options,
            "isReversed": is_reversed,
            "zeroOutputForMask": not mask.all(),
            **arrays,
            **results,
        }


def expect_agreement(ours, theirs, mask):
    """Checks that PyTorch and Keras agree in float64, so that weights and gradients are converted correctly."""
    close = lambda a, b: np.testing.assert_allclose(a, np.asarray(b), rtol=0, atol=1e-12)
    close(ours["outputs"], np.asarray(theirs["outputs"]) * mask[:, :, None])
    for group in ("finalState", "gradients"):
        for name, array in ours[group].items():
            close(array, theirs[group][name])


def all_pytorch_cases():
    for kind, activation in [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]:
        yield from pytorch_cases(kind, SHAPES[0], activation, [5, 5])
        yield from pytorch_cases(kind, SHAPES[1], activation, [1])
        yield from pytorch_cases(kind, (1, 30, 2, 5), activation, [30])
        yield from pytorch_cases(kind, (4, 6, 3, 3), activation, [4, 6, 1, 3])


def layer_of(layer):
    """Returns a model as Keras saves it."""
    return {"className": type(layer).__name__, "config": layer.get_config()}


def stack_case(name, *stack, initial_states=0):
    """Builds a stack of layers, optionally with a Masking first, or a single layer with initial states."""
    inputs = draw(3, 6, 2)
    is_masked = isinstance(stack[0], layers.Masking)
    if is_masked:
        inputs *= np.array([[1, 0, 1, 1, 0, 1], [0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]])[:, :, None]
    model = stack[0] if initial_states else keras.Sequential(stack)
    model.build(inputs.shape)
    weights = [draw(*weight.shape, scale=0.5) for weight in model.get_weights()]
    model.set_weights(weights)
    states = [draw(3, 4) for _ in range(initial_states)]

    def run(weights, inputs, states):
        rest = [variable.value for variable in model.non_trainable_variables]
        outputs, _ = model.stateless_call(weights, rest, inputs, **({"initial_state": states} if states else {}))
        return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]

    coefficients = [draw(*output.shape) for output in run(weights, inputs, states)]
    gradients, outputs = gradients_of(run, [weights, inputs, states], coefficients)
    return {
        "name": name + ", masked" * is_masked,
        "layers": [layer_of(layer) for layer in stack],
        "weights": [{"name": v.path, **encoded(w)} for v, w in zip(model.weights, weights, strict=True)],
        "inputs": inputs,
        "initialState": states,
        "outputs": outputs,
        "coefficients": coefficients,
        "gradients": {"weights": gradients[0], "inputs": gradients[1], "initialState": gradients[2]},
    }


def stack_cases():
    last, sequences = {"return_sequences": False}, {"return_sequences": True}
    outputs = [("last output", last), ("sequences", sequences)]
    for kind, options in CELLS:
        name = "gru, reset before" if options.get("resetAfter") is False else kind

        def make(kind=kind, options=options, **others):
            return KERAS_LAYERS[kind](4, **snake_case(options), **others)

        yield stack_case(f"{name}, last output", make())
        yield stack_case(f"{name}, no bias", make(use_bias=False, **sequences))
        yield stack_case(f"{name}, backwards", make(go_backwards=True, **sequences))
        yield stack_case(f"{name}, sequences", layers.Masking(), make(**sequences))
        yield stack_case(f"{name}, last output, backwards", layers.Masking(), make(go_backwards=True))
        for which, given in outputs:
            in_and_out = make(return_state=True, **given)
            yield stack_case(f"{name}, {which}, states in and out", in_and_out, initial_states=len(STATES[kind]))
        for which, given in outputs:
            yield stack_case(f"bidirectional {name}, {which}", layers.Bidirectional(make(**given)))
            yield stack_case(f"bidirectional {name}, {which}", layers.Masking(), layers.Bidirectional(make(**given)))
    for mode in ("sum", "ave"):
        for which, given in outputs:
            both = layers.Bidirectional(layers.LSTM(4, **given), merge_mode=mode)
            yield stack_case(f"bidirectional lstm, {mode}, {which}", both)
    both = layers.Bidirectional(layers.LSTM(4, return_state=True))
    yield stack_case("bidirectional lstm, states in and out", both, initial_states=4)
    yield stack_case("two lstm", layers.LSTM(4, **sequences), layers.LSTM(3))
    yield stack_case("two lstm", layers.Masking(), layers.LSTM(4, **sequences), layers.LSTM(3, **sequences))
    yield stack_case("bidirectional gru, lstm", layers.Bidirectional(layers.GRU(3, **sequences)), layers.LSTM(4))


def stateful_case(name, layer):
    """Runs two batches one after the other, and, after a reset, the second one again."""
    first, second = draw(2, 4, 3), draw(2, 3, 3)
    layer.build(first.shape)
    weights = [draw(*weight.shape, scale=0.5) for weight in layer.trainable_variables]
    for variable, weight in zip(layer.trainable_variables, weights, strict=True):
        variable.assign(weight)
    outputs = [layer(first), layer(second)]
    is_bidirectional = isinstance(layer, layers.Bidirectional)
    for recurrent in [layer.forward_layer, layer.backward_layer] if is_bidirectional else [layer]:
        recurrent.reset_state()
    outputs.append(layer(second))
    batches = [first, second]
    return {"name": name, "layers": [layer_of(layer)], "weights": weights, "batches": batches, "outputs": outputs}


def stateful_cases():
    for kind, options in CELLS:
        name = name_of(kind, options, (2, "4 and 3", 3, 4))
        layer = KERAS_LAYERS[kind](4, stateful=True, return_sequences=True, **snake_case(options))
        yield stateful_case(name, layer)
    layer = layers.Bidirectional(layers.LSTM(4, stateful=True, return_sequences=True))
    yield stateful_case("bidirectional lstm", layer)


def write(name, versions, **content):
    path = GOLDEN / f"recurrent-{name}.json"
    versions = {"python": platform.python_version(), "numpy": np.__version__, **versions}
    path.write_text(json.dumps({"versions": versions, **encoded(content)}, separators=(",", ":")) + "\n")
    counts = ", ".join(f"{len(items)} {key}" for key, items in content.items())
    print(f"{path.name}: {counts}, {path.stat().st_size} bytes, {versions}")


def main():
    keras_versions = {"keras": keras.__version__, "jax": jax.__version__}
    write("keras", keras_versions, cases=list(keras_cases()))
    write("pytorch", {"torch": torch.__version__, **keras_versions}, cases=list(all_pytorch_cases()))
    defaults = [layer_of(make(4)) for make in KERAS_LAYERS.values()]
    write("layers", keras_versions, stacks=list(stack_cases()), stateful=list(stateful_cases()), defaults=defaults)


if __name__ == "__main__":
    main()
