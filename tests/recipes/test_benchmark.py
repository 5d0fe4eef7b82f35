"""What `recipes.benchmark` compares is the same work, and what it counts and draws is right."""

import itertools
import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from dlguide import deployment
from recipes.benchmark import __main__ as benchmark
from recipes.benchmark import export as benchmark_export
from recipes.benchmark import growth as benchmark_growth
from recipes.benchmark import limit as benchmark_limit
from recipes.benchmark import models as benchmark_models
from recipes.benchmark import tables as benchmark_tables
from recipes.benchmark import worker as benchmark_worker

BATCH = 32
LOOPS = [name for name in benchmark_models.ROWS if name not in ("mlp_short", "mlp_512", "mlp_512_dense", "mlp_512_xla")]


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
    from recipes.benchmark import loops as benchmark_loops

    row = benchmark_models.ROWS[name]._replace(batch_size=BATCH, examples=steps * BATCH)
    row = row._replace(options={**row.options, **({"dropout": 0} if "dropout" in row.options else {})})
    if (
        row.kind == "transformer"
    ):  # Where a token occurs twice in a batch, Keras's Adam on TensorFlow squares each part.
        row = row._replace(options={"length": 31})
    x, y = benchmark_models.arrays(row)
    if row.kind == "transformer":
        rng = np.random.default_rng(0)
        x = np.concatenate([rng.permutation(1000)[: 31 * BATCH].reshape(BATCH, 31) for _ in range(steps)])
    model, loop = benchmark_models.keras_model(row), benchmark_loops.Loop(row)
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
        theirs.append(float(loop.step(*map(benchmark_loops.tensor, (images, targets)))[0]))
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
    with torch.no_grad():
        for parameter, array in zip(module.parameters(), arrays, strict=True):
            parameter.copy_(torch.from_numpy(array.copy()))
    if kind == "lstm":  # It has a second bias, which only adds to the first.
        module.network.cell.bias_hh_l0.requires_grad_(False)


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


def by_hand(name: str) -> float:
    """Return the operations of a step in products: six a weight and example, four where no input gradient is needed."""
    row = benchmark_models.ROWS[name]
    if row.kind == "mlp":
        first, *others = (a * b for a, b in itertools.pairwise((784, *row.options["hidden_units"], 10)))
        return row.batch_size * (4 * first + 6 * sum(others))
    if row.kind in ("lstm", "gru"):
        gates = {"lstm": 4, "gru": 3}[row.kind]
        recurrent = (28 * 6 - 2) * 128 * 128 * gates  # The first state needs no gradient.
        return row.batch_size * (28 * 4 * 28 * 128 * gates + recurrent + 6 * 128 * 10)
    if row.kind == "transformer":
        block = 64 * 6 * (3 * 64 * 64 + 64 * 64 + 2 * 64 * 256) + 3 * 2 * 2 * 64 * 64 * 64
        return row.batch_size * (2 * block + 6 * 64 * 10)
    return row.batch_size * (28 * 28 * 4 * 9 * 32 + 14 * 14 * 6 * 9 * 32 * 64 + 6 * 64 * 10)


@pytest.mark.parametrize("name", [name for name in benchmark_models.ROWS if name.startswith("mlp")])
def test_the_operations_of_a_multilayer_perceptron_are_counted(name):
    pytest.importorskip("torch")
    assert benchmark_limit.flops(benchmark_models.ROWS[name]) == by_hand(name)


@pytest.mark.parametrize("name", ["cnn", "lstm", "gru", "transformer"])
def test_the_operations_of_convolutions_recurrent_layers_and_attention_are_counted(name):
    pytest.importorskip("torch")
    assert benchmark_limit.flops(benchmark_models.ROWS[name]) == by_hand(name)


@pytest.fixture
def small(monkeypatch):
    """Answer in this process, with few examples."""
    pytest.importorskip("torch")

    def ask(worker, what, **request):
        if what == "sgemm_gflops":
            return benchmark_limit.sgemm_gflops(**request, size=64, seconds=0.01)
        if what == "timed":
            row = request.pop("row")
            request["row"] = row._replace(examples=min(row.examples, 2 * row.batch_size))
        return benchmark_worker.ANSWERS[what](**request)

    monkeypatch.setattr(benchmark_worker, "start", lambda backend: SimpleNamespace(kill=lambda: None))
    monkeypatch.setattr(benchmark_worker, "ask", ask)


def test_a_row_is_timed_in_every_way_and_shown(small, capsys):
    benchmark.main("fit", rounds=1, rows=("mlp_small", "mlp_512_xla"))
    printed = capsys.readouterr().out
    assert printed.count("| MLP 784-32-10 | 32 |") == 2 and printed.count("jit_compile=True") == 1


def test_the_growth_is_measured_at_each_size(small):
    curves = {"batch": benchmark_growth.CURVES["batch"]._replace(sizes=(16, 32))}
    content = benchmark_growth.main(curves, epoch_flops=1)
    small_batch, large_batch = content["curves"]["batch"]
    assert large_batch["flops_per_step"] == 2 * small_batch["flops_per_step"] and large_batch["step_seconds"] > 0
    assert set(content["sgemm_gflops"]) == {"NumPy", "PyTorch", "TensorFlow"}


@pytest.mark.parametrize("how", ["plain", "fit"])
def test_a_run_is_timed_up_to_its_first_epoch_and_after_it(how):
    row = benchmark_models.ROWS["mlp_small"]._replace(examples=64)
    assert set(benchmark_worker.timed(row, how, one_epoch=True)) == {"one_epoch_seconds"}
    timed = benchmark_worker.timed(row, how)
    assert set(timed) == {"first_epoch_seconds", "epoch_seconds"} and min(timed.values()) > 0


def test_the_table_shows_median_ratios_and_the_limit():
    seconds = {"epoch_seconds": [2.0, 4.0, 3.0], "one_epoch_seconds": [5.0, 5.0, 5.0]}
    half = {figure: [value / 2 for value in values] for figure, values in seconds.items()}
    ways = {"tensorflow plain": seconds, "tensorflow fit": half, "PyTorch loop, 1 threads": seconds}
    rows = {"mlp_small": {"seconds": ways, "flops_per_step": 75_000_000}}
    content = {"sgemm_gflops": {"NumPy": [90.0], "TensorFlow": [120.0, 80.0, 100.0]}, "rows": rows}
    first, second = benchmark_tables.tables(content)
    assert first.splitlines()[2] == (
        "| MLP 784-32-10 | 32 | 1,500 µs | 1.50 s | 2.00 × (2.00 to 2.00) | 2.00 × (2.00 to 2.00) | "
        "2.00 × (2.00 to 2.00) | 750 µs | 50% |"
    )
    assert len(second.splitlines()) == 2


@pytest.mark.filterwarnings("ignore:No font that matplotlib knows", "ignore:Glyph")  # The words are looked at.
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_growth_is_drawn_and_told_in_a_language(language, tmp_path, monkeypatch):
    curves = {
        name: [{"size": size, "flops_per_step": 10**6 * size, "step_seconds": size / 1000} for size in curve.sizes]
        for name, curve in benchmark_growth.CURVES.items()
    }
    content = {"sgemm_gflops": {"NumPy": [100.0]}, "curves": curves, "cores": 2, "cpu": "X", "date": "2026-01-01"}
    axes = benchmark_growth.draw(content, language).axes
    assert [axis.get_title() for axis in axes] == [curve.title[language] for curve in benchmark_growth.CURVES.values()]
    measured, limit = axes[0].lines
    sizes = [16, 32, 64, 128, 256, 512, 1024]
    assert list(measured.get_ydata()) == pytest.approx(sizes)
    assert list(limit.get_ydata()) == pytest.approx([size / 100 for size in sizes])
    monkeypatch.setattr(benchmark_growth, "PATH", tmp_path / "benchmark_growth.json")
    assert "](results/" not in benchmark_growth.published(language)
    benchmark_growth.PATH.write_text(json.dumps(content))
    image = {"en": "(results/benchmark_growth.png)", "zh": "(results/benchmark_growth.zh.png)"}[language]
    benchmark_growth.save_figures()
    assert {path.name for path in tmp_path.glob("*.png")} == {"benchmark_growth.png", "benchmark_growth.zh.png"}
    assert image in benchmark_growth.published(language) and "64" in benchmark_growth.published(language)


def test_each_model_is_exported_in_each_format_and_a_failure_is_a_sentence(monkeypatch, capsys):
    def export(model, path, *, format, examples):
        if format == "litert":
            raise ValueError("no")
        return SimpleNamespace(largest_difference=len(examples) / 10)

    monkeypatch.setattr(benchmark_export, "_models", lambda: iter([("a", None, [1]), ("b", None, [1, 2])]))
    monkeypatch.setattr(deployment, "export", export)
    benchmark_export._export_all()
    lines = capsys.readouterr().out.splitlines()
    found = dict(json.loads(line.removeprefix("result ")) for line in lines)
    assert found == {
        "a": {"tf_saved_model": 0.1, "onnx": 0.1, "litert": "no"},
        "b": {"tf_saved_model": 0.2, "onnx": 0.2, "litert": "no"},
    }
    content = {"models": {name: dict.fromkeys(benchmark_export.BACKENDS, row) for name, row in found.items()}}
    table = benchmark_export.table({**content, "versions": {"keras": "3"}, "date": "today"})
    assert "| b | 2e-1 | 2e-1 | no |" in table
