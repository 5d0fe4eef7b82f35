"""What the benchmarks print is right, what the pages say of them is what was measured, and each one runs."""

import re
import statistics
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from recipes._lib.runs import recipe_list, results
from tools.benchmarks import diagnosis, models, speed, tables

BACKEND = keras.backend.backend()
PATCHES = Path(tables.RESULTS).with_name("patches")


def test_fit_is_nowhere_slower_than_keras_on_tensorflow_in_the_published_result():
    for name, measured in tables.read("speed")["rows"].items():
        plain, ours = (measured["seconds"][f"tensorflow {how}"]["epoch_seconds"] for how in ("plain", "fit"))
        assert sorted(a / b for a, b in zip(plain, ours, strict=True))[len(ours) // 2] >= 1, name


def test_what_the_page_of_training_says_of_a_small_network_is_what_was_measured():
    [ratio] = re.findall(r"\| MLP 784-32-10 \|(?:[^|]+\|){3} ([\d.]+) ×", Path("docs/speed.md").read_text("utf-8"))
    assert f"trains {float(ratio):.1f} times as fast" in Path("docs/training.md").read_text("utf-8")
    assert f"普通 `model.fit` 的 {float(ratio):.1f} 倍" in Path("docs/training.zh.md").read_text("utf-8")


def test_what_was_measured_once_has_its_command_and_its_commit_and_each_fault_of_keras_its_test():
    assert set(FAULTS) == {path.stem for path in PATCHES.glob("*.py")}
    for path in tables.RESULTS.glob("*.json"):
        content = tables.read(path.stem)
        assert content["command"].startswith(f"python -m tools.benchmarks {path.stem}")
        assert path.stem == "diagnosis" or re.fullmatch("[0-9a-f]{8}", content["commit"]), path


def test_the_pages_state_the_means_of_the_recipes_and_of_their_cheap_baselines():
    for name, baselines in tables.read("rivals")["rows"].items():
        recipe, published = recipe_list.recipe(name), results.result(name)
        metric = "average_precision" if name == "anomaly_shuttle" else recipe.metric
        means = [published["mean"][metric], *(statistics.fmean(each["seeds"].values()) for each in baselines.values())]
        assert all(list(each["seeds"]) == list(published["seeds"]) for each in baselines.values()), name
        for page in ("README.md", "README.zh.md"):
            text = (recipe_list.FOLDER / "published" / recipe.recipe / page).read_text("utf-8")
            for mean in means:
                assert f"| {recipe.format.format(mean).split()[0]}" in text, (name, mean)


FAULTS = {
    "softmax_from_logits": {"tensorflow": "0.013", "jax": "0.560", "torch": "0.560"},
    "numpy_backend": {"tensorflow": "import of jax halted"},
    "normalization_copy": dict.fromkeys(("tensorflow", "jax"), "[-1.2247449  0.         1.2247449] [10. 20. 30.]"),
    "stateful_lstm": {"torch": "modified by an inplace operation"},
}
"""What each program of `docs/upstream.md` prints, by backend."""


@pytest.mark.each_backend
@pytest.mark.thorough(seconds=20)
@pytest.mark.parametrize("name", [name for name, said in FAULTS.items() if BACKEND in said])
def test_a_program_shows_the_fault_of_keras_that_it_is_about(name):
    command = [sys.executable, str(PATCHES / f"{name}.py")]
    assert FAULTS[name][BACKEND] in subprocess.run(command, capture_output=True, text=True, check=True).stdout


PROGRAM = """
import keras
import numpy as np

FAULTS = ("output_activation",)


def buggy(seed, activation="softmax"):
    keras.utils.set_random_seed(seed)
    x = np.random.default_rng(seed).normal(size=(400, 2))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation)])
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    return model, x, (x[:, 0] > 0) * 1, {"epochs": 10}


fixed = healthy = lambda seed: buggy(seed, "sigmoid")
"""


@pytest.mark.one_backend
@pytest.mark.thorough(seconds=20)
def test_the_diagnosis_of_a_folder_of_programs_is_counted(tmp_path, capsys):
    for folder, name in (("cases", "unit"), ("healthy", "right"), ("cases", "_shared")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.py").write_text(PROGRAM)
    diagnosis.main(tmp_path, seeds=(0,), save=False)
    said = dict(line.split(": ") for line in capsys.readouterr().out.splitlines() if not line.startswith("{"))
    assert said.pop("longest") > "0"
    right = dict.fromkeys(("detected", "named_first", "named", "proved"), "1.0")
    assert said == {**right, "alarms_fixed": "0.0", "alarms_healthy": "0.0"}


def test_a_wrong_diagnosis_is_not_counted_as_right():
    def row(kind, *faults):
        found = [{"fault": fault, "is_clear": fault == "a"} for fault in faults]
        return {"kind": kind, "faults": ["a"], "found": found, "seconds": 1.0}

    rows = [row("buggy", "a"), row("buggy", "b", "a"), row("buggy"), row("buggy", "b")]
    rows += [row("fixed"), row("fixed", "a"), row("healthy", "b")]
    counted = {"detected": 0.75, "named_first": 0.25, "named": 0.5, "proved": 0.25, "alarms_fixed": 0.5}
    assert diagnosis.summary(rows) == {**counted, "alarms_healthy": 1.0, "longest": 1.0}
    named = [{**each, "name": "p", "seed": seed} for seed, each in enumerate(rows)]
    assert diagnosis.agreement(named, named[:4] + [{**each, "found": []} for each in named[4:]]) == 5 / 7


@pytest.mark.thorough(seconds=20)
@pytest.mark.one_backend
def test_the_speed_of_a_small_model_is_printed(capsys, monkeypatch):
    monkeypatch.setattr(models, "ROWS", {"mlp_small": models.ROWS["mlp_small"]._replace(examples=64)})
    speed.main(backends=("tensorflow",), rounds=2)
    *_, row = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\| mlp_small \| tensorflow \| [\d.]+ s( \| [\d.]+ × \([\d.]+ to [\d.]+\)){2} \|", row)
