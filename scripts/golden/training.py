"""Writes fixtures/golden/training-pytorch.json: the optimizer and the losses of training in PyTorch.

    pip install torch && python scripts/golden/training.py

Run by hand, once; the tests read the file and need no Python. All is computed in float64.

- optimizer: weights after each step of Adam and AdamW along gradients that are given.
- loss: cross-entropy with label smoothing over the frames that have a label, and the truncated mean squared error
  between the log-probabilities of neighbouring frames (Farha and Gall 2019), with the gradients of both.
"""

import json
from pathlib import Path

import torch
from torch.nn import functional

torch.manual_seed(20190303)
torch.set_default_dtype(torch.float64)


def optimizer_case(weight_decay):
    weights = torch.randn(5)
    gradients = torch.randn(12, 5) * torch.tensor([1e-3, 0.1, 1.0, 10.0, 0.0])
    parameter = torch.nn.Parameter(weights.clone())
    options = {"lr": 0.05, "betas": (0.9, 0.999), "eps": 1e-7, "weight_decay": weight_decay}
    optimizer = torch.optim.AdamW([parameter], **options)
    after = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        after.append(parameter.detach().tolist())
    return {
        "learningRate": 0.05,
        "weightDecay": weight_decay,
        "weights": weights.tolist(),
        "gradients": gradients.tolist(),
        "weightsAfterStep": after,
    }


def loss_case():
    num_labels, threshold = 3, 4
    logits = torch.randn(7, num_labels) * 3
    logits[4] += torch.tensor([30.0, 0.0, -30.0])  # a change beyond the threshold
    logits.requires_grad_(True)
    targets = torch.tensor([0, 2, -1, 1, 1, -1, 0])
    case = {"logits": logits.tolist(), "targets": targets.tolist(), "labelSmoothing": 0.1}
    entropy = functional.cross_entropy(logits, targets, ignore_index=-1, label_smoothing=0.1)
    (gradient,) = torch.autograd.grad(entropy, logits)
    case["crossEntropy"] = {"loss": entropy.item(), "gradient": gradient.tolist()}
    after = functional.log_softmax(logits[1:], dim=1)
    before = functional.log_softmax(logits.detach()[:-1], dim=1)
    smoothness = torch.clamp((after - before) ** 2, max=threshold**2).mean()
    (gradient,) = torch.autograd.grad(smoothness, logits)
    case["smoothness"] = {"loss": smoothness.item(), "gradient": gradient.tolist()}
    return case


golden = {
    "versions": {"torch": torch.__version__},
    "optimizer": {"adam": optimizer_case(0.0), "adamw": optimizer_case(0.1)},
    "loss": loss_case(),
}
path = Path(__file__).parent.parent / "fixtures" / "golden" / "training-pytorch.json"
path.write_text(json.dumps(golden, indent=1) + "\n")
