"""What `tools.benchmarks` compares is the same work, its patches change no result, and each benchmark runs."""

import importlib
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest

from recipes._lib.agents import connect_four as rules
from recipes._lib.runs import results
from recipes._lib.words import read_words
from tests.helpers.switches import quick
from tools.benchmarks import __main__ as benchmarks
from tools.benchmarks import (
    connect_four,
    diagnosis,
    fewest_weights,
    models,
    pages,
    peers,
    speed,
    tables,
    time_to_accuracy,
    upstream,
)

BACKEND, BATCH = keras.backend.backend(), 32
LOOPS = [name for name in models.ROWS if name not in ("mlp_short", "mlp_512", "mlp_512_dense", "mlp_512_xla")]


@pytest.fixture
def same_noise(monkeypatch):
    """Let Keras and PyTorch draw the same normal numbers, in each step."""
    torch = pytest.importorskip("torch")

    def noise(shape, **options):
        return np.random.default_rng(0).normal(size=(BATCH, shape[-1])).astype("float32")

    monkeypatch.setattr(keras.random, "normal", noise)
    monkeypatch.setattr(torch, "randn", lambda shape: torch.from_numpy(noise(shape)))


@pytest.mark.one_backend
@pytest.mark.parametrize("steps", [10, pytest.param(100, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", quick(LOOPS, "mlp"))
def test_a_loop_by_hand_does_the_same_work(name, steps, same_noise):
    from tools.benchmarks import loops

    row = models.ROWS[name]._replace(batch_size=BATCH, examples=steps * BATCH)
    row = row._replace(options={**row.options, **({"dropout": 0} if "dropout" in row.options else {})})
    if row.kind == "transformer":  # For a token that a batch has twice, Keras's Adam on TensorFlow squares each part.
        row = row._replace(options={"length": 31})
    x, y = models.arrays(row)
    if row.kind == "transformer":
        rng = np.random.default_rng(0)
        x = np.concatenate([rng.permutation(1000)[: 31 * BATCH].reshape(BATCH, 31) for _ in range(steps)])
    model, loop = models.keras_model(row), loops.Loop(row)
    copy_weights(row.kind, model, loop.model)
    ours, theirs = [], []
    for step in range(steps):
        rows = slice(BATCH * step, BATCH * (step + 1))
        images, targets = x[rows], None if y is None else y[rows]
        model.reset_metrics()
        ours.append(model.train_on_batch(images, targets, return_dict=True)["loss"])
        # Keras adds its epsilon before it corrects the bias of the second moment, PyTorch after it.
        loop.optimizer.param_groups[0]["eps"] = 1e-7 / np.sqrt(1 - 0.999 ** (step + 1))
        if row.kind == "conv_autoencoder":
            images, targets = images[:, ::-1, ::-1].copy(), targets[:, ::-1, ::-1].copy()
        theirs.append(float(loop.step(*map(loops.tensor, (images, targets)))[0]))
    assert theirs[0] == pytest.approx(ours[0], rel=1e-5)
    assert abs(ours[-1] / ours[0] - 1) > 1e-3
    # Rounding errors grow with the steps; another model or optimizer would differ at once.
    np.testing.assert_allclose(theirs, ours, rtol=1e-4 if steps == 10 else 3e-2)


def copy_weights(kind: str, model, module) -> None:
    """Give a PyTorch module the weights of the Keras model; both have them in the same order."""
    torch = pytest.importorskip("torch")
    arrays = [array for layer in model.layers for array in layer_arrays(layer)]
    if kind == "conv_autoencoder":  # PyTorch pads on the other side: it gets the images in a mirror.
        arrays = [array[:, :, ::-1, ::-1] if array.ndim == 4 else array for array in arrays]
    if kind == "gan":
        channels_first = np.arange(7 * 7 * 64).reshape(7, 7, 64).transpose(2, 0, 1).ravel()
        for i, array in enumerate(arrays):
            for axis in range(array.ndim):
                if array.shape[axis] == len(channels_first):
                    arrays[i] = array.take(channels_first, axis)
    if kind == "lstm":  # It has a second bias, which only adds to the first.
        module[0].bias_hh_l0.requires_grad_(False)
    with torch.no_grad():
        for parameter, array in zip(module.parameters(), arrays, strict=True):
            parameter.copy_(torch.from_numpy(array.copy()))


def layer_arrays(layer) -> list[np.ndarray]:
    """Return a layer's weights in PyTorch's layout."""
    arrays = [keras.ops.convert_to_numpy(variable) for variable in layer.trainable_variables]
    if layer.name in ("token_embedding", "position_embedding"):
        return arrays
    if layer.name in ("attention_0", "attention_1"):
        *inputs, output = arrays  # One matrix for query, key and value.
        return [np.concatenate([array.reshape(64, -1) for array in inputs], axis=1).T, output.reshape(64, 64).T]
    if isinstance(layer, keras.layers.LSTM):
        return [arrays[0].T, arrays[1].T, arrays[2], np.zeros_like(arrays[2])]
    if isinstance(layer, keras.layers.GRU):
        gates = [np.split(array, 3, axis=-1) for array in arrays]
        kernel, recurrent, bias = (np.concatenate([reset, update, new], -1) for update, reset, new in gates)
        return [kernel.T, recurrent.T, *bias]
    return [array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T for array in arrays]


FLOPS = {  # Six per weight and example, four where no input gradient is needed.
    "mlp_small": 32 * (4 * 784 * 32 + 6 * 32 * 10),
    "mlp_512": 512 * (4 * 784 * 512 + 6 * (512 * 512 + 512 * 10)),
    "cnn": 128 * (28 * 28 * 4 * 9 * 32 + 14 * 14 * 6 * 9 * 32 * 64 + 6 * 64 * 10),
    "lstm": 128 * (28 * 4 * 28 * 512 + (28 * 6 - 2) * 128 * 512 + 6 * 128 * 10),  # The first state needs no gradient.
    "gru": 128 * (28 * 4 * 28 * 384 + (28 * 6 - 2) * 128 * 384 + 6 * 128 * 10),
    "transformer": 128 * (2 * (64 * 6 * (4 * 64 * 64 + 2 * 64 * 256) + 3 * 2 * 2 * 64**3) + 6 * 64 * 10),
}


@pytest.mark.one_backend
@pytest.mark.parametrize("name", FLOPS)
def test_the_operations_of_a_step_are_those_of_its_matrix_products(name):
    pytest.importorskip("torch")
    assert speed.flops(models.ROWS[name]) == FLOPS[name]


def test_the_published_results_meet_the_targets():
    for name, measured in tables.read("speed")["rows"].items():
        plain, ours = (measured["seconds"][f"tensorflow {how}"]["epoch_seconds"] for how in ("plain", "fit"))
        assert tables.ratios(plain, ours)[1] >= 1, name
    rows = tables.read("keras_example")["rows"]
    assert all(seconds <= 10 and accuracy >= 0.99 for seconds, accuracy in (row["one_epoch"] for row in rows))
    assert all(row["ours"][1] >= tables.TARGET for row in rows)
    assert sum(row["example"][-1][0] for row in rows) >= 10 * sum(row["ours"][0] for row in rows)
    photos = tables.read("photos")
    for name in ("mlp_mnist", "cnn_mnist"):
        measured, before = photos["recipes"][name], photos["before"]["accuracy"][name]
        mild, hard, both = (measured["conditions"][key] for key in ("mild", "hard", "all"))
        assert both["n"] >= 200 and mild["accuracy"] >= 0.95 * measured["mnist_accuracy"]
        assert hard["accuracy"] >= 0.85 > before["hard"]
        assert both["right_above_90"] >= 0.97 and both["share_above_90"] >= 0.8


def test_records_are_records():
    """Each program but the first of a target, the recipe, has a mean above the target with p < 0.01."""
    goals = {float(target): goal for target, goal in tables.read("time_to_accuracy")["targets"].items()}
    assert {target: tuple(goal["rows"]) for target, goal in goals.items()} == time_to_accuracy.PROGRAMS
    for target, goal in goals.items():
        assert tuple(goal["seeds"]) == time_to_accuracy.SEEDS[target]
        medians = [np.median(row["seconds"]) for row in goal["rows"].values()]
        assert medians == sorted(medians, reverse=True)
        assert all(len(row["accuracy"]) == 20 for row in goal["rows"].values())
        assert all(pages.p_value_above(row["accuracy"], target) < 0.01 for row in [*goal["rows"].values()][1:])
    assert pages.p_value_above([0.989, 0.991] * 10, 0.99) > 0.4


def test_the_smallest_network_is_above_its_target():
    content = tables.read("fewest_weights")
    assert list(content["rows"]) == ["fewest_weights"] and tuple(content["seeds"]) == fewest_weights.SEEDS
    student = min(metrics["weights"] for metrics in results.result("compression_mnist")["seeds"].values())
    for row in content["rows"].values():
        assert len(row["accuracy"]) == 20 and row["weights"] < student
        assert pages.p_value_above(row["accuracy"], content["target"]) < 0.01


def test_what_the_page_of_training_says_of_a_small_network_is_what_was_measured():
    [ratio] = re.findall(r"\| MLP 784-32-10 \|(?:[^|]+\|){3} ([\d.]+) ×", Path("docs/speed.md").read_text("utf-8"))
    assert f"trains {float(ratio):.1f} times as fast" in Path("docs/training.md").read_text("utf-8")
    assert f"普通 `model.fit` 的 {float(ratio):.1f} 倍" in Path("docs/training.zh.md").read_text("utf-8")


def test_each_result_has_its_command_in_the_list():
    listed = re.findall(r"python -m tools\.benchmarks (\w+)", benchmarks.__doc__)
    assert sorted(listed) == sorted(path.stem for path in tables.RESULTS.glob("*.json"))
    for name in listed:
        assert tables.read(name)["command"].startswith(f"python -m tools.benchmarks {name}")
        assert callable(importlib.import_module(f"tools.benchmarks.{name}").main)


def test_each_peer_and_patch_has_a_title():
    named = {peer.__name__ for found in peers.PEERS.values() for peer in found}
    assert named | {f"upstream_{name}" for name in upstream.ALL} <= set(read_words(tables.WORDS, "en"))


@pytest.mark.parametrize("name", upstream.ALL)
def test_a_patch_fits_the_keras_that_is_installed(name):
    changed = upstream.changed_source(name)
    diff = (upstream.PATCHES / f"{name}.diff").read_text(encoding="utf-8")
    added = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and line[1:2] != "+"]
    assert added and all(line in changed for line in added)


@pytest.mark.thorough
@pytest.mark.each_backend
@pytest.mark.parametrize("name", [name for name, patch in upstream.ALL.items() if patch.backend == BACKEND])
def test_a_short_training_with_a_patch_ends_with_the_same_weights(name):
    row = upstream.ALL[name].row._replace(batch_size=16, examples=16)

    def trained():
        keras.utils.set_random_seed(0)
        model, (x, y) = upstream.model(name, row), models.arrays(row)
        if name == "weight_decay":
            model.optimizer.weight_decay = 30.0  # So much that it shows.
        losses = [float(np.ravel(model.train_on_batch(x, x if y is None else y))[0]) for _ in range(4)]
        return [*losses, *map(np.asarray, model.get_weights())]

    without = trained()
    with upstream.applied(name):
        patched = trained()
    assert without[3] != without[0]
    for before, after in zip(without, patched, strict=True):
        np.testing.assert_allclose(after, before, rtol=2e-4, atol=1e-5)


def test_an_outcome_is_kept_by_each_move_that_leads_to_the_best_one():
    outcomes = np.array([[1, -1, np.nan, 0, 0, 0, 0], [np.nan, -1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, -1]])
    for columns, share in (([0, 6, 3], 1), ([0, 2, 6], 2 / 3), ([3, 1, 6], 0)):
        assert connect_four.share_kept(lambda *_, columns=columns: columns, None, outcomes) == share


def test_the_solver_is_asked_about_the_position_and_its_player():
    """The package is installed by hand: a stand-in knows one move that wins at once."""
    asked = []

    class Solver:
        def score_all_moves(self, board):
            asked.append(board)
            return {0: -3, 3: 20, 6: 0}

    package = types.SimpleNamespace(BitBully=Solver, Board=lambda rows: rows)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "bitbully", package)
        games = [rules.played(moves) for moves in ([3, 0, 3], [3, 0])]
        positions = rules.Positions(
            *(np.concatenate([getattr(game, name) for game in games]) for name in ("own", "taken"))
        )
        found = connect_four.solved(positions)
    np.testing.assert_array_equal(found, [[-1, np.nan, np.nan, 1, np.nan, np.nan, 0]] * 2)
    assert [board[5] for board in asked] == [[2, 0, 0, 1, 0, 0, 0]] * 2 and asked[0][4] == [0, 0, 0, 1, 0, 0, 0]


FAULTS = {
    "softmax_from_logits": {"tensorflow": "0.013", "jax": "0.560", "torch": "0.560"},
    "numpy_backend": {"tensorflow": "import of jax halted"},
    "normalization_copy": dict.fromkeys(("tensorflow", "jax"), "[-1.2247449  0.         1.2247449] [10. 20. 30.]"),
    "stateful_lstm": {"torch": "modified by an inplace operation"},
}
"""What each program of `docs/upstream.md` prints, by backend."""


@pytest.mark.each_backend
@pytest.mark.thorough(seconds=3)
@pytest.mark.parametrize("name", [name for name, said in FAULTS.items() if BACKEND in said])
def test_a_program_shows_the_fault_of_keras_that_it_is_about(name):
    command = [sys.executable, str(upstream.PATCHES / f"{name}.py")]
    assert FAULTS[name][BACKEND] in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_each_program_of_a_fault_is_tested():
    assert set(FAULTS) == {path.stem for path in upstream.PATCHES.glob("*.py")}


PROGRAM = """
import keras
import numpy as np

FAULTS = ("output_activation",)


def buggy(seed, activation="softmax"):
    keras.utils.set_random_seed(seed)
    x = np.random.default_rng(seed).normal(size=(400, 2))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation)])
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    return model, x, (x[:, 0] > 0) * 1, {"epochs": 20}


def fixed(seed):
    return buggy(seed, "sigmoid")


healthy = fixed
"""


@pytest.mark.one_backend
@pytest.mark.thorough(seconds=8)
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


SLOW = ("keras_example", "photos", "search", "time_to_accuracy")
SMALL = {
    "speed": {"rows": ("mlp_small", "mlp_512_xla"), "rounds": 1},
    "growth": {"sizes": 1},
    "memory": {"backends": ("tensorflow",), "fits": 2},
    "keras_example": {"seeds": (0,), "limit": 500},
    "export": {"backends": ("tensorflow",), "count": 1},
    "photos": {"count": 1, "limit": 2000},
    "operations": {"names": ("mlp_small",)},
    "time_to_accuracy": {"targets": (0.990,), "count": 2},
    "search": {"seeds": (0,), "trials": 2, "epochs": 1},
}
"""The others train for minutes."""


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.thorough(seconds=60)] * (name in SLOW)) for name in SMALL]
)
def test_a_benchmark_runs_in_its_smallest_form_and_its_table_can_be_made(name, tmp_path, monkeypatch):
    """It writes into a copy of the published results."""
    shutil.copytree(tables.RESULTS, tmp_path / "results")
    monkeypatch.setattr(tables, "RESULTS", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    if name in ("speed", "growth"):
        pytest.importorskip("jax")
        pytest.importorskip("torch")
    few_examples = {name: row._replace(examples=2 * row.batch_size) for name, row in models.ROWS.items()}
    monkeypatch.setattr(models, "ROWS", few_examples)
    importlib.import_module(f"tools.benchmarks.{name}").main(**SMALL[name])
    assert set(pages.published("zh")) >= set(pages.MARKERS)  # And the tables of rivals.
