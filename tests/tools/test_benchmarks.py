"""What `tools.benchmarks` compares is the same work, and each benchmark runs."""

import importlib
import re
import shutil
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest

from recipes._lib.runs import results as published_results
from tools.benchmarks import __main__ as benchmark
from tools.benchmarks import cartpole, dqn, fit, growth, models, pages, peers, record, tables, upstream, weights

BATCH = 32
LOOPS = [name for name in models.ROWS if name not in ("mlp_short", "mlp_512", "mlp_512_dense", "mlp_512_xla")]


@pytest.fixture
def same_noise(monkeypatch):
    """Let Keras and PyTorch draw the same normal numbers, in each step."""
    torch = pytest.importorskip("torch")

    def noise(shape, **options):
        return np.random.default_rng(0).normal(size=(BATCH, shape[-1])).astype("float32")

    monkeypatch.setattr(keras.random, "normal", noise)
    monkeypatch.setattr(torch, "randn", lambda shape: torch.from_numpy(noise(shape)))


@pytest.mark.parametrize("steps", [10, pytest.param(100, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", LOOPS)
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


@pytest.mark.parametrize("name", FLOPS)
def test_the_operations_of_a_step_are_those_of_its_matrix_products(name):
    pytest.importorskip("torch")
    assert fit.flops(models.ROWS[name]) == FLOPS[name]


def test_the_published_results_meet_the_targets():
    for name, measured in tables.read("fit")["rows"].items():
        plain, ours = (measured["seconds"][f"tensorflow {how}"]["epoch_seconds"] for how in ("plain", "fit"))
        assert tables.ratios(plain, ours)[1] >= 1, name
    rows = tables.read("cnn")["rows"]
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


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Let the benchmarks write into a copy of the published results."""
    shutil.copytree(tables.RESULTS, tmp_path / "results")
    monkeypatch.setattr(tables, "RESULTS", tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results"


@pytest.mark.filterwarnings("ignore:No font that matplotlib knows", "ignore:Glyph")
def test_a_finished_run_of_deep_q_learning_is_not_run_again(results, monkeypatch):
    runs = []

    def run(command, **options):
        *_, name, loss, seed, folder = command
        runs.append((name, loss, seed))
        folder = Path(folder.removeprefix("--run-dir="))
        folder.mkdir(parents=True)
        (folder / "history.csv").write_text("epoch,val_return\n0,480\n1,10.5\n")
        (folder / "metrics.json").write_text(f'{{"mean_return": {seed[-2:]}, "random_return": 22}}')

    monkeypatch.setattr(subprocess, "run", run)
    for _ in range(2):
        dqn.main(seeds=(20, 21))
    options = [(f"--loss={loss}", f"--seed={seed}") for loss in ("mse", "huber") for seed in (20, 21)]
    assert runs == [("recipes.dqn_cartpole", *pair) for pair in options]
    assert "| Huber loss | 480.0 (480.0 to 480.0) | 10.5 (10.5 to 10.5) |" in pages.published("en")["dqn"]


def test_measured_peers_are_not_measured_again(results, monkeypatch):
    def peer(seed):
        raise AssertionError("runs in another process")

    ours, theirs = (iter(range(100, 200)), iter(range(200, 300)))
    monkeypatch.setattr(peers, "PEERS", {"mlp_mnist": {peer: "keras"}})
    monkeypatch.setattr(peers, "_recipe", lambda name, seed: (0.98, next(ours)))
    monkeypatch.setattr(peers, "_peer", lambda found, seed: (0.97, next(theirs)))
    (results / "peers.json").unlink(missing_ok=True)
    peers.main(rounds=1)
    for _ in range(2):
        peers.main(rounds=2)
    rows = tables.read("peers")["rows"]["mlp_mnist"]
    assert [run["seconds"] for run in rows["mlp_mnist"].values()] == [100, 101]
    assert [run["seconds"] for run in rows["peer"].values()] == [200, 201]
    with pytest.raises(ValueError, match="`rows` must be of mlp_mnist"):
        peers.main(rows=("mlp",))


def test_a_task_is_learned_at_the_first_mean_return_of_475_and_a_seed_that_fails_takes_longest(results):
    learned = cartpole.first_success([(2500, 3.0, 474.9), (5000, 6.0, 475.0), (7500, 9.0, 500.0)])
    assert learned == {"steps": 5000, "seconds": 6.0} and cartpole.first_success([(2500, 3.0, 474.9)]) is None
    rows = {"dqn_cartpole": [learned, {"steps": 9600, "seconds": 8.0}, None], "stable_baselines_dqn": [None] * 3}
    tables.save("cartpole", {"threshold": 475.0, "version": "1", "seeds": [0, 1, 2], "rows": rows})
    ours, theirs = pages.published("en")["cartpole"].splitlines()[2:4]
    assert ours == "| `dqn_cartpole` | 2 of 3 | 9,600 (5,000 to –) | 8.0 (6.0 to –) |"
    assert theirs.endswith("| 0 of 3 | – (– to –) | – (– to –) |")


def test_the_methods_of_a_search_are_compared_with_holms_correction():
    values = {"tpe": [0.5, 0.6, 0.7], "random": [0.5, 0.61, 0.7], "by_hand": [0.9, 0.99, 1.1]}
    lines = pages.differences(values, tables.words("en"))
    assert [line.startswith("- settings by hand: better than") for line in lines] == [False, True, True]
    assert lines[0] == "- random search and TPE with pruning: undecided (-1.10 to +1.77)"
    some = {"tpe": [0.0, 0.1, 0.2], "random": [0.21, 0.2, 0.41], "by_hand": [0.0, 0.5, 0.1]}
    assert all("undecided" in line for line in pages.differences(some, tables.words("en")))


def test_an_option_that_a_benchmark_does_not_have_is_refused():
    with pytest.raises(ValueError, match="`rounds` must be left out: the benchmark fits has no rounds"):
        benchmark.main("fits", rounds=3)


def test_records_are_records():
    """Each program but the first of a target, the recipe, has a mean above the target with p < 0.01."""
    goals = {float(target): goal for target, goal in tables.read("record")["targets"].items()}
    assert {target: tuple(goal["rows"]) for target, goal in goals.items()} == record.RECORDS
    for target, goal in goals.items():
        assert tuple(goal["seeds"]) == record.SEEDS[target]
        medians = [np.median(row["seconds"]) for row in goal["rows"].values()]
        assert medians == sorted(medians, reverse=True)
        assert all(len(row["accuracy"]) == 20 for row in goal["rows"].values())
        assert all(pages.record_p_value(row["accuracy"], target) < 0.01 for row in [*goal["rows"].values()][1:])
    assert pages.record_p_value([0.989, 0.991] * 10, 0.99) > 0.4


def test_the_smallest_network_is_above_its_target():
    content = tables.read("weights")
    assert tuple(content["rows"]) == weights.PROGRAMS and tuple(content["seeds"]) == weights.SEEDS
    student = min(metrics["weights"] for metrics in published_results.result("compression_mnist")["seeds"].values())
    for row in content["rows"].values():
        assert len(row["accuracy"]) == 20 and row["weights"] < student
        assert pages.record_p_value(row["accuracy"], content["target"]) < 0.01


def test_what_the_page_of_training_says_of_a_small_network_is_what_was_measured():
    [ratio] = re.findall(r"\| MLP 784-32-10 \|(?:[^|]+\|){3} ([\d.]+) ×", Path("docs/speed.md").read_text("utf-8"))
    assert f"trains {float(ratio):.1f} times as fast" in Path("docs/training.md").read_text("utf-8")
    assert f"普通 `model.fit` 的 {float(ratio):.1f} 倍" in Path("docs/training.zh.md").read_text("utf-8")


def test_each_peer_and_patch_has_a_title():
    named = {peer.__name__ for found in peers.PEERS.values() for peer in found}
    assert named | {f"upstream_{name}" for name in upstream.ALL} <= set(tables.words("en"))


SMALL = {
    "fit": {"rows": ("mlp_small", "mlp_512_xla"), "rounds": 1},
    "growth": {"curves": {"lstm": {16: growth.CURVES["lstm"][16]}}, "epoch_flops": 1},
    "fits": {"backends": ("tensorflow",), "fits": 2},
    "cnn": {"seeds": (0,), "limit": 500},
    "export": {"backends": ("tensorflow",), "count": 1},
    "photos": {"count": 1, "epochs": 1, "limit": 2000},
    "operations": {"names": ("mlp_small",)},
    "record": {"targets": (0.990,), "count": 2},
    "weights": {"seeds": (0,)},
    "search": {"seeds": (0,), "new_seeds": (1000,), "trials": 2, "epochs": 1},
}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in ("cnn", "photos"))) for name in SMALL]
)
def test_a_benchmark_runs_in_its_smallest_form_and_its_table_can_be_made(name, results, monkeypatch):
    if name in ("fit", "growth"):
        pytest.importorskip("jax")
        pytest.importorskip("torch")
    few_examples = {name: row._replace(examples=2 * row.batch_size) for name, row in models.ROWS.items()}
    monkeypatch.setattr(models, "ROWS", few_examples)
    importlib.import_module(f"tools.benchmarks.{name}").main(**SMALL[name])
    assert set(pages.published("zh")) == set(pages.MARKERS)
