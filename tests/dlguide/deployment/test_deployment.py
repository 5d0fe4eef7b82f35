"""`deployment.export`: each builder in each format, and no file that is wrong."""

import functools
import importlib.util
import os
from pathlib import Path

import keras
import numpy as np
import pytest

import dlguide
from dlguide import _export_formats, _export_runtimes, deployment
from tests.helpers import sentences
from tests.helpers.cases import OPTIONS
from tests.helpers.contract import build, inputs, training_case, weights

OTHER_LAYERS = {"cell", "bidirectional", "vocab_size", "num_classes"}
PARTS = {"vae": ("encoder", "decoder"), "gan": ("generator", "discriminator"), "contrastive": ("encoder",)}
PARTS |= {"diffusion": ("denoiser",)}


def models(file_format):
    """Yield a label, the model or each part of it, and examples, after a step that moves all statistics."""
    rng = np.random.default_rng(0)
    for name, options in OPTIONS.items():
        options = [o for o in options if o.name in OTHER_LAYERS or o.value == {"shift": 0.4} or o.args]
        # TensorFlow's own graph is the same whatever the layers, and LiteRT reads that.
        options = [option for option in options if file_format == "onnx" or option.name == "cell"]
        for option in (None, *(options if file_format != "tf_saved_model" else ())):
            label = f"{name} {option}"
            model, x, y = training_case(name, option, one_step=True)
            model.train_on_batch(x, y)
            for part in PARTS.get(name, ()):
                layer = model.get_layer(part)
                shapes = [(5, *tensor.shape[1:]) for tensor in layer.inputs]
                draws = [rng.integers(0, 3, 5) if shape == (5,) else rng.random(shape, "float32") for shape in shapes]
                yield f"{label} {part}", layer, draws
            if name not in PARTS:
                yield label, model, x if isinstance(x, list) else [x]


@pytest.mark.thorough
@pytest.mark.one_backend
@pytest.mark.parametrize("file_format", _export_formats.FORMATS)
def test_every_builders_file_gives_what_predict_gives_and_no_weight_changes(file_format, tmp_path):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TensorFlow writes the files of all backends")
    jobs, made = [], []
    for i, (label, model, examples) in enumerate(models(file_format)):
        arrays = deployment._examples_as_arrays(model, _export_formats.as_input(examples))
        before, file = weights(model), tmp_path / f"{i}{_export_formats.FORMATS[file_format][0]}"
        _export_formats.write(model, file, file_format, arrays)
        assert all(np.array_equal(old, new) for old, new in zip(before, weights(model), strict=True)), label
        made.append((label, model, arrays))
        jobs.append((file_format, file, deployment._batches(model, file_format, arrays)))
    assert {label.split()[0] for label, *_ in made} == set(dlguide.__all__)
    for (label, model, arrays), result in zip(made, _export_runtimes.run(jobs, tmp_path), strict=True):
        print(label, deployment._largest_difference(model, file_format, arrays, result))


def model_and_examples():
    keras.utils.set_random_seed(0)
    return dlguide.mlp((3,), 2, hidden_units=(4,), activation="gelu"), np.eye(3, dtype="float32")


def test_an_export_is_put_in_place_and_says_how_it_compares(tmp_path):
    model, x = model_and_examples()
    for name, file_format in {"new/mlp.onnx": "onnx", "mlp.tflite": "litert"}.items():
        exported = deployment.export(model, tmp_path / name, format=file_format, examples=x)
        assert exported.path == str(tmp_path / name)
        assert exported.largest_difference < 1e-5 and exported.size == Path(exported.path).stat().st_size
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mlp.onnx", "mlp.tflite", "new"]


@pytest.mark.parametrize(
    ("file_format", "n", "expected"),
    [("onnx", 2, [(1, 4), (5, 4), (2, 3)]), ("litert", 2, [(1, 4), (5, 4)]), ("litert", 7, [(1, 4), (7, 4)])],
)
def test_a_file_is_compared_with_one_example_with_five_and_with_a_shorter_sequence(file_format, n, expected):
    inputs = keras.Input((None,), dtype="int32")
    batches = deployment._batches(keras.Model(inputs, inputs + 1), file_format, [np.ones((n, 4), "int32")])
    assert [array.shape for [array] in batches] == expected


@pytest.mark.thorough
def test_the_axes_of_an_onnx_file_have_names(tmp_path):
    onnx = pytest.importorskip("onnx")
    model = dlguide.rnn((None, 2), 3, units=(4,), return_sequences=True)
    exported = deployment.export(model, tmp_path / "rnn.onnx", format="onnx", examples=np.ones((2, 5, 2)))
    graph = onnx.load(exported.path).graph
    for tensor, expected in ((graph.input[0], ["input_0_axis_1", 2]), (graph.output[0], ["output_0_axis_1", 3])):
        sizes = [size.dim_param or size.dim_value for size in tensor.type.tensor_type.shape.dim]
        assert sizes == ["batch", *expected]


def test_inputs_by_name_are_taken_in_the_order_of_the_model(tmp_path):
    b, a = keras.Input((2,), name="b"), keras.Input((3,), name="a")
    model = keras.Model({"b": b, "a": a}, keras.layers.Concatenate()([a, b]))
    shapes = [tensor.shape[1] for tensor in model.inputs]
    examples = [np.random.default_rng(0).random((2, size)).astype("float32") for size in shapes]
    assert deployment.export(model, tmp_path / "model.onnx", format="onnx", examples=examples).largest_difference == 0


def two_inputs():
    a, b = keras.Input((3,)), keras.Input((2,))
    return keras.Model([a, b], keras.layers.Concatenate()([a, b]))


refusal = functools.partial(sentences.refusal, deployment.export)
SHAPE = "`examples` must be numbers of shape {}. Received: examples of shape {}"
BOTH = "(n, 3) and (n, 2)"
X = np.eye(3, dtype="float32")
BAD = [
    *((lambda: dlguide.mlp((3,), 2), bad, SHAPE.format("(n, 3)", shape)) for bad, shape in
      ((X[:, :2], "(3, 2)"), (X[:0], "(0, 3)"), ([], "(0,)"), ((), "(0,)"), ([[]], "(1, 0)"), ([X[:0]], "(0, 3)"))),
    (lambda: build("transformer_language_model"), np.zeros((3, 0), "int32"), SHAPE.format("(n, any)", "(3, 0)")),
    (lambda: dlguide.cnn((8, 8, 1), 2, filters=(2,)), np.zeros((3, 8, 0, 1)),
     SHAPE.format("(n, 8, 8, 1)", "(3, 8, 0, 1)")),
    (two_inputs, [], SHAPE.format(BOTH, "an empty list")),
    (two_inputs, [np.ones((2, 3)), np.ones((3, 2))], SHAPE.format(BOTH, "(2, 3) and (3, 2)")),
]  # fmt: skip


@pytest.mark.parametrize(("make", "examples", "message"), BAD)
def test_examples_of_another_shape_are_named(make, examples, message, tmp_path):
    assert refusal(make(), tmp_path / "model.onnx", format="onnx", examples=examples) == message
    assert os.listdir(tmp_path) == []


def test_a_bad_format_or_path_is_named_and_nothing_is_left(tmp_path, monkeypatch):
    model, x = model_and_examples()
    path, mine = tmp_path / "mlp.onnx", tmp_path / "mine.onnx"
    mine.write_text("mine")
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ai_edge_litert" else find_spec(name))
    for file, file_format, message in (
        (path, "onxx", "`format` must be one of 'tf_saved_model', 'onnx', 'litert'. Received: format='onxx'. Did"),
        (path, "litert", '`format` must be one whose packages are installed: pip install "dlguide[export]". Received'),
        (tmp_path / "mlp", "onnx", "`path` must be a file that ends in .onnx for format='onnx'. Received: path='"),
        ("/proc/none/mlp.onnx", "onnx", "`path` must be in a folder that can be written. Received: path='/proc/none"),
        (mine, "onnx", "`path` must be a path that does not exist yet. Received: path="),
    ):
        assert refusal(model, file, format=file_format, examples=x).startswith(message)
    assert os.listdir(tmp_path) == ["mine.onnx"] and mine.read_text() == "mine"


@pytest.mark.thorough
@pytest.mark.one_backend  # The weights become 8 bits in TensorFlow's converter.
@pytest.mark.parametrize(
    "make",
    [
        lambda: dlguide.mlp((8, 8, 1), 10),
        pytest.param(lambda: dlguide.cnn((8, 8, 1), 10, filters=(16, 32)), marks=pytest.mark.thorough),
    ],
)
def test_a_file_of_eight_bits_has_weights_of_eight_bits_and_about_the_same_outputs(make, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    keras.utils.set_random_seed(0)
    model, x = make(), np.random.default_rng(0).random((50, 8, 8, 1), "float32")
    exported = [
        deployment.export(model, tmp_path / f"{bits}.tflite", format="litert", examples=x, bits=bits)
        for bits in (32, 8)
    ]
    scale = np.abs(model.predict(x, verbose=0)).max()
    assert exported[0].largest_difference < 1e-5 < exported[1].largest_difference < 0.1 * scale
    details = [Interpreter(str(tmp_path / f"{bits}.tflite")).get_tensor_details() for bits in (32, 8)]
    largest = [max(tensors, key=lambda tensor: np.prod(tensor["shape"]))["dtype"] for tensors in details]
    assert largest == [np.float32, np.int8] and np.int8 not in {tensor["dtype"] for tensor in details[0]}
    weights_size = 4 * model.count_params()
    assert exported[0].size - exported[1].size > 0.5 * weights_size


def test_a_number_of_bits_that_a_format_lacks_is_named(tmp_path):
    model, x = model_and_examples()
    for file, file_format, bits in (("mlp.tflite", "litert", 16), ("mlp.onnx", "onnx", 8)):
        message = refusal(model, tmp_path / file, format=file_format, examples=x, bits=bits)
        assert message == f"`bits` must be 32, or 8 with format='litert'. Received: bits={bits}"
    assert os.listdir(tmp_path) == []


def exporting(model, export):
    """Return a model with the layers of another one, whose `export` is a function `export(file, **options)`."""

    class Exporting(keras.Model):
        def export(self, filepath, **options):
            return export(filepath, **options)

    return Exporting(model.inputs, model.outputs)


@pytest.mark.one_backend
def test_a_model_that_reads_text_is_told_which_part_to_export(tmp_path):
    words = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot", name="words")
    model = keras.Sequential([keras.Input((), dtype="string", name="text"), words, dlguide.mlp((3,), 2)], name="reader")
    texts = np.array(["a", "b"])
    assert refusal(model, tmp_path / "model.onnx", format="onnx", examples=texts) == (
        "`model` must be a model that reads numbers: export the one behind the layer that reads text. "
        "Received: model='reader'"
    )
    behind = keras.Sequential(model.layers[1:])
    behind.build((None, 3))
    examples = keras.ops.convert_to_numpy(words(texts))
    assert deployment.export(behind, tmp_path / "model.onnx", format="onnx", examples=examples).size > 0


@pytest.mark.parametrize("name", PARTS)
def test_a_model_that_draws_numbers_is_refused_and_its_parts_are_named(name, tmp_path):
    model = build(name)
    message = refusal(model, tmp_path / "whole.onnx", format="onnx", examples=inputs(name, model))
    assert all(f"model.get_layer({part!r})" in message for part in PARTS[name])
    assert "without random draws" in message and os.listdir(tmp_path) == []


def test_an_operator_that_the_runtime_lacks_is_named(tmp_path):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.ops.erfinv(keras.ops.tanh(inputs)))
    message = refusal(model, tmp_path / "model.onnx", format="onnx", examples=np.full((1, 3), 0.1, "float32"))
    assert "Erfinv" in message and os.listdir(tmp_path) == []


@pytest.mark.one_backend
def test_a_file_that_does_not_run_leaves_nothing(tmp_path):
    model, x = model_and_examples()
    broken = exporting(model, lambda file, **_: Path(file).write_bytes(b"no model"))
    message = refusal(broken, tmp_path / "mlp.tflite", format="litert", examples=x)
    assert message.startswith("`model` must be one whose 'litert' file runs in its own runtime. Received: ")
    assert os.listdir(tmp_path) == []


@pytest.mark.one_backend
def test_a_file_that_gives_other_numbers_leaves_nothing(tmp_path):
    model, x = model_and_examples()
    wrong = keras.models.clone_model(model)
    wrong.set_weights([*model.get_weights()[:-1], np.float32([0, 0.01])])
    message = refusal(exporting(model, wrong.export), tmp_path / "mlp.onnx", format="onnx", examples=x)
    assert message.endswith("a difference of 0.01") and os.listdir(tmp_path) == []


@functools.cache
def linear(rows):
    return dlguide.mlp((rows,), 2, hidden_units=())


def difference(largest, file_format, changed, bits=32, rows=5):
    """Compare a linear model with outputs up to `largest` with a file that gives `changed(batch, outputs)`."""
    model = linear(rows)
    model.set_weights([np.outer(np.linspace(0.1, 1, rows), [largest, 0]), np.zeros(2)])
    arrays = [np.eye(rows, dtype="float32")]
    batches = deployment._batches(model, file_format, arrays)
    outputs = [[changed(batch, model.predict_on_batch(batch).copy())] for [batch] in batches]
    return deployment._largest_difference(model, file_format, arrays, {"outputs": outputs}, bits)


@pytest.mark.parametrize(("largest", "scale"), [(0.5, 1), (8, 8)])
@pytest.mark.parametrize(("file_format", "tolerance"), [("tf_saved_model", 1e-5), ("onnx", 1e-5), ("litert", 1e-4)])
def test_a_file_may_differ_by_half_the_tolerance_and_not_by_twice(file_format, tolerance, largest, scale):
    def differing(by):
        def changed(batch, outputs):
            outputs[-1, 1] += by  # The last example, or the only one; the output that is 0.
            return outputs

        return difference(largest, file_format, changed)

    for by in (2 * tolerance * scale, -2 * tolerance * scale, np.nan):
        with pytest.raises(ValueError, match=f"numbers as its {file_format!r} file, to {tolerance:g}. Received"):
            differing(by)
    assert differing(0.5 * tolerance * scale) == pytest.approx(0.5 * tolerance * scale, rel=1e-3)


@pytest.mark.parametrize(("row", "rows"), [*((row, 5) for row in range(5)), *((row, 7) for row in range(7))])
def test_a_file_that_is_wrong_for_one_of_the_examples_is_refused(row, rows):
    """`recipes export` gives 20 examples, and says that it compared them."""
    with pytest.raises(ValueError, match=r"a difference of 1$"):
        difference(0.5, "onnx", lambda batch, outputs: outputs + (batch[:, [row]] == 1), rows=rows)


@pytest.mark.parametrize("largest", [1, 0.01])  # However small the outputs are.
def test_a_file_of_eight_bits_may_differ_by_a_fifth_of_the_largest_output(largest):
    def times(factor):
        return difference(largest, "litert", lambda _, outputs: factor * outputs, bits=8)

    for factor in (1.3, 0.7):
        with pytest.raises(ValueError, match=r"the same numbers as its 'litert' file, to 0\.2\. Received"):
            times(factor)
    assert times(0.9) == pytest.approx(0.1 * largest, rel=1e-3)
