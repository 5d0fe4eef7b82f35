"""`deployment.export`: builder by format, what comes out, and that nothing is left where something is wrong."""

import importlib.util
import os
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from cases import CASES, compiled
from contract import build, inputs, kind_of, targets, weights

import dlguide
from dlguide import _export_checks, _export_files, deployment

FORMATS = [pytest.param(name, marks=pytest.mark.thorough) for name in ("onnx", "tf_saved_model", "litert")]
OTHER_LAYERS = {"cell", "bidirectional", "vocab_size", "num_classes", "kernel_size"}
PARTS = {"vae": ("encoder", "decoder"), "gan": ("generator", "discriminator"), "contrastive": ("encoder",)}
# What does not work yet, and why; a file that works after all is an error.
KNOWN_FAILURES: dict[tuple[str, str], str] = {}


def rows():
    """Each builder, and the options that make other layers of it."""
    for name, case in CASES.items():
        yield name, None
        others = [option for option in case.options if option.name in OTHER_LAYERS or option.value == {"shift": 0.4}]
        yield from ((name, option) for option in others if option.name != "kernel_size" or option.args)


ROWS = list(rows())
IDS = [f"{name}-{option.name}={option.value}" if option else name for name, option in ROWS]


def models(file_format):
    """Yield the name, the model or each part of it, and examples, after a step that moves all statistics."""
    for label, (name, option) in zip(IDS, ROWS, strict=True):
        # Elsewhere the same process writes the files; and TensorFlow's own graph is the same whatever the layers.
        if option and (keras.backend.backend() != "tensorflow" or file_format == "tf_saved_model"):
            continue
        model = compiled(kind_of(name, option), build(name, option), run_eagerly=True)
        x = inputs(name, model)
        model.train_on_batch(x, targets(kind_of(name, option), model, x))
        rng = np.random.default_rng(0)
        for part in PARTS.get(name, ()):
            layer = model.get_layer(part)
            arrays = [
                rng.integers(0, 3, 5) if "int" in str(tensor.dtype) else rng.random((5, *tensor.shape[1:]), "float32")
                for tensor in layer.inputs
            ]
            yield f"{label} {part}", layer, arrays
        if name not in PARTS:
            yield label, model, [x]


@pytest.fixture(scope="module", params=FORMATS)
def exported(request, tmp_path_factory):
    """Every model in one format, all files run in one new process."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    folder, made, unchanged = tmp_path_factory.mktemp(request.param), [], []
    for i, (label, model, arrays) in enumerate(models(request.param)):
        arrays = _export_checks.arrays_of(model, arrays if len(arrays) > 1 else arrays[0])
        before = weights(model)
        file = folder / f"{i}{deployment.FORMATS[request.param][0]}"
        made.append((label, model, arrays, file))
        unchanged.append((before, model))
    _export_files.write([(model, file, request.param, arrays) for _, model, arrays, file in made])
    for before, model in unchanged:
        assert all(np.array_equal(old, new) for old, new in zip(before, weights(model), strict=True)), model.name
    jobs = [
        (request.param, file, _export_checks.batches(model, request.param, arrays)) for _, model, arrays, file in made
    ]
    return request.param, made, _export_files.run(jobs, folder)


def test_every_builders_file_gives_what_predict_gives(exported):
    file_format, made, results = exported
    errors, failed = [], set()
    for (label, model, arrays, _), result in zip(made, results, strict=True):
        try:
            _export_checks.difference(model, file_format, arrays, result)
        except ValueError as error:
            failed.add((label, file_format))
            errors.append(f"{label}: {error}")
    expected = {key for key in KNOWN_FAILURES if key[1] == file_format}
    assert failed == expected, errors or f"works now: {expected - failed}"
    assert {label.split("-")[0].split()[0] for label, *_ in made} == set(dlguide.__all__)


def model_and_examples():
    keras.utils.set_random_seed(0)
    return dlguide.mlp((3,), 2, hidden_units=(4,), activation="gelu"), np.eye(3, dtype="float32")


def test_an_export_is_put_in_place_and_says_how_it_compares(tmp_path):
    model, x = model_and_examples()
    files = {"new/mlp.onnx": "onnx", "mlp.tflite": "litert"}
    if keras.backend.backend() != "tensorflow":  # For time: the same process writes each format there.
        del files["mlp.tflite"]
    for name, file_format in files.items():
        exported = deployment.export(model, tmp_path / name, format=file_format, examples=x)
        assert exported.path == str(tmp_path / name) and Path(exported.path).is_file()
        assert exported.largest_difference < 1e-5 and exported.size == Path(exported.path).stat().st_size
        assert 0 < exported.seconds < 1 and 0 < exported.keras_seconds < 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted([*map(os.path.basename, files), "new"])

    import onnxruntime

    session = onnxruntime.InferenceSession(str(tmp_path / "new" / "mlp.onnx"))
    [outputs] = session.run(["output_0"], {"input_0": x})
    np.testing.assert_allclose(outputs, model.predict(x, verbose=0), atol=1e-5)


def test_several_outputs_keep_their_order(tmp_path):
    encoder = dlguide.vae((3,), latent_dim=2, hidden_units=(4,)).get_layer("encoder")
    x = np.eye(3, dtype="float32")
    z_mean, z_log_var = encoder.predict(x[:1], verbose=0)
    for file_format, name in (("onnx", "encoder.onnx"), ("litert", "encoder.tflite")):
        deployment.export(encoder, tmp_path / name, format=file_format, examples=x)
        [result] = _export_files.run([(file_format, tmp_path / name, [[x[:1]]])], tmp_path)
        np.testing.assert_allclose(result["0_0"], z_mean, atol=1e-5)
        np.testing.assert_allclose(result["0_1"], z_log_var, atol=1e-5)


def refusal(model, path, **options):
    with pytest.raises(ValueError) as error:
        deployment.export(model, path, **options)
    return str(error.value)


def test_bad_arguments_get_one_sentence_and_leave_nothing(tmp_path, monkeypatch):
    model, x = model_and_examples()
    path = tmp_path / "mlp.onnx"
    assert refusal(model, path, format="onxx", examples=x) == (
        "`format` must be one of 'tf_saved_model', 'onnx', 'litert'. Received: format='onxx'. Did you mean 'onnx'?"
    )
    assert refusal(model, path, format="onnx", examples=x[:, :2]) == (
        "`examples` must be numbers of shape (n, 3). Received: examples of shape (3, 2)"
    )
    assert refusal(model, path, format="onnx", examples=x[:0]).startswith("`examples` must be numbers of shape (n, 3)")
    assert refusal(model, tmp_path / "mlp.tflite", format="onnx", examples=x) == (
        f"`path` must be a file that ends in .onnx for format='onnx'. Received: path='{tmp_path}/mlp.tflite'"
    )
    for empty in ([], (), [[]], np.zeros((3, 0)), [x[:0]]):
        assert refusal(model, path, format="onnx", examples=empty).startswith(
            "`examples` must be numbers of shape (n, 3). Received: examples of shape ("
        )
    reader = build("transformer_language_model")
    assert refusal(reader, path, format="onnx", examples=np.zeros((3, 0), "int32")) == (
        "`examples` must be numbers of shape (n, any). Received: examples of shape (3, 0)"
    )
    images = dlguide.cnn((8, 8, 1), 2, filters=(2,))
    assert refusal(images, path, format="onnx", examples=np.zeros((3, 8, 0, 1))) == (
        "`examples` must be numbers of shape (n, 8, 8, 1). Received: examples of shape (3, 8, 0, 1)"
    )
    assert "Received: path='/proc/none/mlp.onnx'" in refusal(model, "/proc/none/mlp.onnx", format="onnx", examples=x)
    path.write_text("mine")
    assert "`path` must be a path that does not exist yet" in refusal(model, path, format="onnx", examples=x)
    assert path.read_text() == "mine"
    path.unlink()

    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else find_spec(name))
    assert refusal(model, path, format="onnx", examples=x) == (
        '`format` must be one whose packages are installed: pip install -e ".[export]". '
        "Received: format='onnx', without onnxruntime"
    )
    assert os.listdir(tmp_path) == []


def test_a_model_of_two_inputs_needs_examples_of_both(tmp_path):
    a, b = keras.Input((3,)), keras.Input((2,))
    model = keras.Model([a, b], keras.layers.Concatenate()([a, b]))
    for examples, received in (([], "an empty list"), ([np.ones((2, 3)), np.ones((3, 2))], "(2, 3) and (3, 2)")):
        assert refusal(model, tmp_path / "model.onnx", format="onnx", examples=examples) == (
            f"`examples` must be numbers of shape (n, 3) and (n, 2). Received: examples of shape {received}"
        )


@pytest.mark.one_backend
def test_a_model_that_reads_text_is_told_which_part_to_export(tmp_path):
    words = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot", name="words")
    model = keras.Sequential([keras.Input((), dtype="string", name="text"), words, dlguide.mlp((3,), 2)], name="reader")
    texts = np.array(["a", "b"])
    assert refusal(model, tmp_path / "model.onnx", format="onnx", examples=texts) == (
        "`model` must read numbers: a file cannot hold a layer that reads text. Export the model behind that layer, "
        "such as keras.Sequential(model.layers[1:]), and turn text into token ids before it. "
        "Received: model='reader' with the input 'text' of strings"
    )
    numbers = keras.ops.convert_to_numpy(words(texts))
    behind = keras.Sequential(model.layers[1:])
    behind.build((None, 3))
    assert deployment.export(behind, tmp_path / "model.onnx", format="onnx", examples=numbers).size > 0


@pytest.mark.parametrize("name", PARTS)
def test_what_draws_numbers_is_refused_and_its_parts_are_named(name, tmp_path):
    model = build(name)
    message = refusal(model, tmp_path / "whole.onnx", format="onnx", examples=inputs(name, model))
    for part in PARTS[name]:
        assert f"model.get_layer({part!r})" in message
    assert "without random draws" in message and os.listdir(tmp_path) == []


def test_a_file_that_differs_or_does_not_run_leaves_nothing(tmp_path, monkeypatch):
    model, x = model_and_examples()
    write = _export_files.write

    def other_weights(jobs):
        write([(keras.models.clone_model(model), *rest) for model, *rest in jobs])

    monkeypatch.setattr(_export_files, "write", other_weights)
    message = refusal(model, tmp_path / "mlp.onnx", format="onnx", examples=x)
    assert message.startswith(
        "`model` must give the same numbers as its 'onnx' file, to 1e-05. Received: model='mlp', a"
    )

    monkeypatch.setattr(_export_files, "write", lambda jobs: jobs[0][1].write_bytes(b"no model"))
    for file_format, name in (("onnx", "mlp.onnx"), ("litert", "mlp.tflite")):
        message = refusal(model, tmp_path / name, format=file_format, examples=x)
        assert message.startswith(f"`model` must be one whose '{file_format}' file runs in its own runtime. Received: ")
    assert os.listdir(tmp_path) == []


def test_an_operator_that_the_runtime_lacks_is_named(tmp_path):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.ops.erfinv(keras.ops.tanh(inputs)))
    message = refusal(model, tmp_path / "model.onnx", format="onnx", examples=np.full((1, 3), 0.1, "float32"))
    assert "Erfinv" in message and os.listdir(tmp_path) == []


@pytest.mark.thorough
def test_what_is_mended_is_still_needed(tmp_path):
    """Once Keras's own file runs, `_finish_onnx` can leave `Erfc` alone."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TensorFlow writes the files of all backends")
    import onnxruntime

    model, x = model_and_examples()
    model.predict(x, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.export(str(tmp_path / "plain.onnx"), format="onnx", verbose=False)
    with pytest.raises(Exception, match="Erfc"):
        onnxruntime.InferenceSession(str(tmp_path / "plain.onnx"))


TOLERANCES = {"tf_saved_model": 1e-5, "onnx": 1e-5, "litert": 1e-4}


@pytest.fixture
def answers_of(monkeypatch):
    """Let a file of a model give what the model gives, but for what `changed(batch, outputs)` makes of it."""

    def set_answers(model, changed):
        def run(jobs, folder):
            [(_, _, batches)] = jobs
            outputs = [changed(batch, model.predict_on_batch(batch).copy()) for [batch] in batches]
            return [{f"{b}_0": array for b, array in enumerate(outputs)} | {"seconds": np.array(0.1)}]

        monkeypatch.setattr(_export_files, "write", lambda jobs: [file.write_bytes(b"model") for _, file, *_ in jobs])
        monkeypatch.setattr(_export_files, "run", run)

    return set_answers


def model_with_outputs_up_to(largest):
    """Return a linear model and five examples; no output is farther from 0 than `largest`."""
    model = dlguide.mlp((5,), 2, hidden_units=())
    kernel = np.zeros((5, 2), "float32")
    kernel[:, 0] = np.linspace(0.1, 1, 5) * largest
    model.set_weights([kernel, np.zeros(2, "float32")])
    return model, np.eye(5, dtype="float32")


@pytest.mark.parametrize(("largest", "scale"), [(0.5, 1), (8, 8)])
@pytest.mark.parametrize("file_format", TOLERANCES)
def test_a_file_may_differ_by_half_the_tolerance_and_not_by_twice(file_format, largest, scale, tmp_path, answers_of):
    model, x = model_with_outputs_up_to(largest)
    path = tmp_path / f"model{deployment.FORMATS[file_format][0]}"
    options = {"format": file_format, "examples": x}

    def let_one_output_differ(by):
        def changed(batch, outputs):
            outputs[-1, 1] += by  # The last example, or the only one; the output that is 0.
            return outputs

        answers_of(model, changed)

    unit = TOLERANCES[file_format] * scale
    for by in (2 * unit, -2 * unit, np.nan):
        let_one_output_differ(by)
        message = refusal(model, path, **options)
        assert f"the same numbers as its {file_format!r} file, to {TOLERANCES[file_format]:g}. Received" in message
        assert os.listdir(tmp_path) == []
    let_one_output_differ(0.5 * unit)
    assert deployment.export(model, path, **options).largest_difference == pytest.approx(0.5 * unit, rel=1e-3)
    assert path.read_bytes() == b"model"


@pytest.mark.parametrize("row", range(5))
def test_a_file_that_is_wrong_for_one_of_five_examples_is_refused(row, tmp_path, answers_of):
    model, x = model_with_outputs_up_to(0.5)

    def changed(batch, outputs):
        outputs[(batch == x[row]).all(axis=1)] += 1
        return outputs

    answers_of(model, changed)
    message = refusal(model, tmp_path / "model.onnx", format="onnx", examples=x)
    assert message.endswith("a difference of 1") and os.listdir(tmp_path) == []
