"""The contract of every builder, run on TensorFlow, JAX and PyTorch from this file.

KERAS_BACKEND=jax pytest tests/builders/test_contract.py
"""

import importlib.util
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from cases import CASES, answer, settled
from contract import (
    added,
    build,
    check_docstring,
    compiled,
    count,
    inputs,
    kind_of,
    losses,
    outputs,
    targets,
    weights,
)

import dlguide

NAMED = [(name, o) for name, case in CASES.items() for o in case.options if o.name == "name"]
# Options that make other layers, and not only layers of another size: for time, the others are TensorFlow's alone.
OTHER_LAYERS = {
    "augment", "batch_norm", "bidirectional", "cell", "dropout", "kernel_size", "latent_dim", "mask_zero",
    "num_classes", "return_sequences", "vocab_size",
}  # fmt: skip
VARIANTS = [(name, None) for name in CASES] + [
    (name, option)
    for name, case in CASES.items()
    for option in case.options
    if option.name in OTHER_LAYERS or (option.name != "name" and keras.backend.backend() == "tensorflow")
]


def over(rows, thorough_options=False):
    """Run a test over rows; for time, the test command leaves out those with an option where they are thorough."""
    marks = [[pytest.mark.thorough] if thorough_options and option else [] for _, option in rows]
    ids = [f"{name}-{option.name}={option.value}" if option else name for name, option in rows]
    rows = [pytest.param(*row, marks=marks, id=id) for row, marks, id in zip(rows, marks, ids, strict=True)]
    return pytest.mark.parametrize(("name", "option"), rows)


variants = over(VARIANTS)
long_variants = over(VARIANTS, thorough_options=True)
layers = over([row for row in VARIANTS if not row[1] or row[1].name in OTHER_LAYERS])
names = pytest.mark.parametrize("name", CASES)


def test_every_public_builder_has_a_case():
    assert sorted(CASES) == sorted(dlguide.__all__)
    assert {option.name for case in CASES.values() for option in case.options} >= OTHER_LAYERS


@pytest.mark.one_backend
@variants
def test_number_of_weights_is_the_one_worked_out_by_hand(name, option):
    model, expected = build(name, option), option or CASES[name]
    assert count(model.trainable_weights) == expected.trainable
    assert count(model.non_trainable_weights) == expected.non_trainable


@variants
@pytest.mark.thorough
def test_numpy_integers_are_as_good_as_pythons(name, option):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the same on each backend")
    model, expected = build(name, option, integer=np.int64), option or CASES[name]
    assert count(model.trainable_weights) == expected.trainable
    assert json.dumps(keras.saving.serialize_keras_object(model))


@over([row for row in VARIANTS if not row[1] or keras.backend.backend() == "tensorflow"] + NAMED)
def test_it_maps_a_batch_to_a_batch_and_is_not_compiled(name, option):
    model = build(name, option)
    shape = option.output if option and option.output else CASES[name].output
    assert CASES[name].inputs or model.output_shape == (None, *shape)
    assert outputs(model, inputs(name, model)).shape == (8, *(size or 5 for size in shape))
    assert not model.compiled
    assert model.name == (option.value if option and option.name == "name" else name)


@names
def test_every_option_of_the_signature_is_tried(name):
    keyword_only = {
        p.name for p in inspect.signature(getattr(dlguide, name)).parameters.values() if p.kind is p.KEYWORD_ONLY
    }
    assert keyword_only == {option.name for option in CASES[name].options} - {"num_outputs"}


@pytest.mark.one_backend
@over([row for row in VARIANTS if row[1]])
def test_every_option_changes_the_model(name, option):
    model, plain = build(name, option), build(name)
    if [w.shape for w in model.weights] != [w.shape for w in plain.weights]:
        return  # It does.
    x = inputs(name, model)
    if option.name == "mask_zero":
        x[:, -1] = 0  # Padding.
    model.set_weights(plain.get_weights())
    ours, others = outputs(model, x), outputs(plain, x)
    differs = ours.shape != others.shape or not np.allclose(ours, others)
    ours, others = outputs(model, x, training=True), outputs(plain, x, training=True)
    differs |= ours.shape != others.shape or not np.allclose(ours, others)
    differs |= added(model) != added(plain)
    differs |= losses(name, model, x) != losses(name, plain, x)
    assert differs, f"{option} has no effect"


@over([row for row in VARIANTS if kind_of(*row) == "classifier"])
def test_a_classifier_gives_logits(name, option):
    model = build(name, option)
    x = inputs(name, model)
    scores = outputs(model, 10 * x if x.dtype == "float32" else x)
    assert scores.min() < 0  # Neither softmax, sigmoid nor ReLU ...
    assert not np.allclose(np.exp(scores).sum(axis=-1), 1)  # ... nor their logarithm.
    assert not np.allclose(scores.sum(axis=-1), scores.sum(axis=-1).flat[0])


@layers
@pytest.mark.thorough
def test_the_same_seed_gives_the_same_weights(name, option):
    first, second = build(name, option).get_weights(), build(name, option).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@names
def test_another_seed_gives_other_weights(name):
    first, second = build(name).get_weights(), build(name, seed=1).get_weights()
    equal = all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert equal == (CASES[name].kind == "regression")  # A convex regression starts from zeros.


@long_variants
def test_one_step_moves_every_trainable_weight(name, option):
    model = compiled(kind_of(name, option), build(name, option), one_step=True)
    before = [keras.ops.convert_to_numpy(w).copy() for w in model.trainable_weights]
    x = inputs(name, model)
    model.train_on_batch(x, targets(kind_of(name, option), model, x))
    for old, weight in zip(before, model.trainable_weights, strict=True):
        assert not np.allclose(old, keras.ops.convert_to_numpy(weight), atol=1e-5), weight.path


@layers
@pytest.mark.thorough
def test_an_output_does_not_depend_on_the_batch(name, option):
    model = build(name, option)
    x, others = inputs(name, model), inputs(name, model, seed=1)
    for ours, theirs in zip(keras.tree.flatten(x), keras.tree.flatten(others), strict=True):
        theirs[4] = ours[4]
    np.testing.assert_allclose(outputs(model, x)[4], outputs(model, others)[4], rtol=1e-4, atol=1e-5)


@layers
@pytest.mark.thorough
def test_there_is_no_chance_in_evaluation_where_there_need_not_be(name, option):
    model = build(name, option)
    x = inputs(name, model)
    first, second = (keras.ops.convert_to_numpy(model(x, training=False)) for _ in range(2))
    assert np.array_equal(first, second) != CASES[name].is_random
    np.testing.assert_array_equal(outputs(model, x), outputs(model, x))


@long_variants
@pytest.mark.each_backend
def test_called_directly_it_gives_what_predict_gives_and_changes_no_weight(name, option):
    model = build(name, option)
    x = inputs(name, model)
    before = weights(model)
    settled(model)
    predicted = model.predict(x, verbose=0)
    settled(model)
    called = model(x)  # Nothing is said of `training`.
    np.testing.assert_allclose(keras.ops.convert_to_numpy(called), predicted, rtol=1e-4, atol=1e-5)
    within = keras.tree.map_structure(lambda array: keras.Input(array.shape[1:], dtype=array.dtype.name), x)
    outer = keras.Model(within, model(within))
    settled(model)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(outer(x)), predicted, rtol=1e-4, atol=1e-5)
    assert all(np.array_equal(old, new) for old, new in zip(before, weights(model), strict=True))


# An `mlp` has Keras's own momentum; what the others give is drawn.
NORMALISED = [
    (name, next(o for o in CASES[name].options if o.name == "batch_norm"))
    for name in ("autoencoder", "conv_autoencoder")
]


@over([("cnn", None), *NORMALISED])
def test_statistics_follow_the_data_within_a_hundred_steps(name, option):
    model = build(name, option)
    x = inputs(name, model)
    for _ in range(100):
        seen = model(x, training=True)
    np.testing.assert_allclose(outputs(model, x), keras.ops.convert_to_numpy(seen), rtol=0.1, atol=0.02)


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].kind != "alone"])
def test_a_small_model_learns_32_examples_by_heart(name):
    model = compiled(CASES[name].kind, build(name), learning_rate=0.05 if CASES[name].kind == "regression" else 0.02)
    x = inputs(name, model, 32)
    if CASES[name].kind == "autoencoder":
        x = np.round(x[:2]).repeat(16, axis=0)  # What a small code can hold, and no grey: it has a floor.
    y = x[:, :1] * 2 - 1 if CASES[name].kind == "regression" else targets(CASES[name].kind, model, x)
    first = model.train_on_batch(x, y)
    for _ in range(90):
        loss = model.train_on_batch(x, y)
    assert loss < first / 2


_LOAD = """
import json, sys
import numpy as np, keras
folder, backend, tests = sys.argv[1:]
sys.path.insert(0, tests)
from cases import answer, compiled
same_backend = backend == keras.backend.backend()
for path, (name, kind, trains) in json.load(open(folder + "/models.json")).items():
    # On torch, Keras 3.15 saves an optimizer class of torch alone: elsewhere the model is compiled again.
    model = keras.saving.load_model(path, compile=same_backend)
    saved = np.load(path + ".npz")
    x = [saved["x"], saved["labels"]] if "labels" in saved else saved["x"]
    draws = {"sampling", "generator"} & {layer.name for layer in model.layers}
    before = model.get_weights()
    np.testing.assert_allclose(answer(model, x), saved["answer"], 0 if draws else 1e-4, 1e-5, err_msg=path)
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)), path
    assert model.compiled == same_backend and model.name == name
    if not trains:
        continue
    if not same_backend:
        compiled(kind, model)
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    model.train_on_batch(x, saved["y"] if "y" in saved else None)
print("loaded", keras.backend.backend())
"""


@pytest.fixture(scope="module")
def saved_models(tmp_path_factory):
    folder, paths = tmp_path_factory.mktemp("saved"), {}
    # What an option leaves in the file is the same text on each backend: TensorFlow's is enough, for time.
    options = OTHER_LAYERS if keras.backend.backend() == "tensorflow" else ()
    for i, (name, option) in enumerate(row for row in VARIANTS if not row[1] or row[1].name in options):
        kind = kind_of(name, option)
        model = compiled(kind, build(name, option), one_step=True)
        x = inputs(name, model)
        y = targets(kind, model, x)
        if hasattr(model.layers[-2], "adapt"):
            model.layers[-2].adapt(x)
        if not option:  # The others are loaded and asked; training goes on with the builder's plain model, for time.
            model.train_on_batch(x, y)
        path = str(folder / f"{i}_{name}.keras")
        model.save(path)
        arrays = {"x": x} if not isinstance(x, list) else {"x": x[0], "labels": x[1]}
        np.savez(path + ".npz", answer=answer(model, x), **arrays, **({} if y is None else {"y": y}))
        paths[path] = [model.name, kind, not option]
    (folder / "models.json").write_text(json.dumps(paths))
    return folder


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_it_is_loaded_in_a_new_process_with_safe_mode_and_trains_on(saved_models, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install -e '.[{backend}]'")
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, saved_models, keras.backend.backend(), str(Path(__file__).parents[1])],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == f"loaded {backend}", done.stderr


@names
def test_documented_arguments_equal_the_signature(name):
    check_docstring(getattr(dlguide, name))


@names
def test_the_docstring_has_the_sections_of_a_builder(name):
    text = inspect.getdoc(getattr(dlguide, name))
    for section in ("Args:", "Returns:", "Raises:", "Example:", "Reference:"):
        assert f"\n{section}\n" in text
    assert len(set(inspect.signature(getattr(dlguide, name)).parameters) - {"name"}) <= 9
    assert Path(inspect.getfile(getattr(dlguide, name))).stem not in dlguide.__all__
