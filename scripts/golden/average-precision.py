"""Writes fixtures/golden/average-precision.json: average precision as computed by ActivityNet's own evaluation.

    git clone https://github.com/activitynet/ActivityNet && pip install pandas
    python scripts/golden/average-precision.py ActivityNet/Evaluation

Run by hand, once; the test reads the file and needs no Python. Truth and predictions are the Breakfast sequences of
segmentation-metrics.json; each predicted segment gets a random confidence. The evaluation is Python 2: it is rewritten
in memory as far as Python 3 asks for, and nothing that computes is touched.
"""

import json
import random
import re
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd

GOLDEN = Path(__file__).parent.parent / "fixtures" / "golden"


def load_evaluation(folder):
    """The functions of utils.py and eval_detection.py, in one namespace."""
    module = types.ModuleType("activitynet")
    for name in ["utils.py", "eval_detection.py"]:
        source = (Path(folder) / name).read_text()
        source = re.sub(r"^(import urllib2|from joblib.*|from utils.*)$", "", source, flags=re.M)
        source = re.sub(r"^(\s*)print .*$", r"\1pass", source, flags=re.M)
        source = source.replace("np.float)", "float)")
        exec(compile(source, name, "exec"), module.__dict__)
    return module


def runs_of(run_lengths, background):
    """Rows of (label, start, end) in frames, the end exclusive, without the background."""
    start, rows = 0, []
    for label, frames in run_lengths:
        if label not in background:
            rows.append((label, start, start + frames))
        start += frames
    return rows


def frame_of(rows):
    columns = ["video-id", "label", "t-start", "t-end", "score"]
    return pd.DataFrame(rows, columns=columns[: len(rows[0])])


def main(folder):
    evaluation = load_evaluation(folder)
    draw = random.Random(1)
    cases = []
    for case in json.loads((GOLDEN / "segmentation-metrics.json").read_text())["cases"]:
        background = case["backgroundLabels"]
        confidences, truths, claims = [], [], []
        for number, video in enumerate(case["videos"]):
            scores = [round(draw.random(), 6) for _ in video["prediction"]]
            confidences.append(scores)
            truths += [(number, *run) for run in runs_of(video["truth"], background)]
            kept = [score for score, (label, _) in zip(scores, video["prediction"]) if label not in background]
            claims += [(number, *run, score) for run, score in zip(runs_of(video["prediction"], background), kept)]
        truth, claimed = frame_of(truths), frame_of(claims)
        by_label = {}
        for label, own in truth.groupby("label"):
            mine = claimed[claimed["label"] == label].reset_index(drop=True)
            precisions = evaluation.compute_average_precision_detection(own.reset_index(drop=True), mine)
            by_label[label] = float(100 * precisions.mean())
        mean = float(np.mean(list(by_label.values())))
        cases.append({"name": case["name"], "meanAveragePrecision": mean, "byLabel": by_label, "confidences": confidences})
    content = {
        "description": "ActivityNet's average precision in percent, mean of IoU 0.5:0.05:0.95, of the sequences of "
        "segmentation-metrics.json; confidences are one a predicted segment, video by video.",
        "versions": {"numpy": np.__version__, "pandas": pd.__version__, "python": sys.version.split()[0]},
        "cases": cases,
    }
    (GOLDEN / "average-precision.json").write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
