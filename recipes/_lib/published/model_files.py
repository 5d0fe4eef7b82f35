"""A published model as `keras.Model` and as ONNX files, both called in the same way."""

import functools
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from keras import ops

from dlguide import data
from recipes._lib.agents import connect_four, environments, game_players
from recipes._lib.published import published_runs
from recipes._lib.runs import recipe_list

BATCH = 500  # Of ONNX Runtime.


def parts(name: str, model: keras.Model) -> dict[str, keras.Model]:
    """Return the models that the ONNX files of a recipe hold."""
    recipe = recipe_list.recipe(name)
    if recipe.published_attention is not None:
        model = _with_attention(model, recipe.published_attention)
    return {part: model if part == "model" else model.get_layer(part) for part in recipe.published_parts}


class _Attention(keras.layers.Layer):
    """The weights of an attention layer as a layer: `(batch, heads, length, length)`."""

    def __init__(self, layer):
        super().__init__(name="attention_weights")
        self.layer, self.supports_masking = layer, True

    def call(self, normed, ids):
        return self.layer.attention_weights(normed, ops.not_equal(ids, 0))

    def compute_output_shape(self, normed_shape, ids_shape):
        return ids_shape[0], self.layer.num_heads, ids_shape[1], ids_shape[1]


def _with_attention(model: keras.Model, number: int) -> keras.Model:
    """Return a text classifier with the attention of one of its layers as a second output, or an encoder-decoder."""
    if isinstance(model.input, list):  # Letters, and the sounds so far.
        source, target = model.inputs
        memory, *states = model.get_layer("encoder")(source)
        logits, weights, *_ = model.get_layer("decoder")([target, source, memory, *states])
        return keras.Model([source, target], [logits, weights])
    layer = model.get_layer(f"attention_{number}")
    normed = model.get_layer(f"attention_norm_{number}").output
    return keras.Model(model.input, [model.output, _Attention(layer)(normed, model.input)])


def examples(name: str, count: int, seed: int = 10, *, corpus=None, feature_names=None) -> np.ndarray | list:
    """Return inputs of the model of a row from its test set; of an agent, observations; of a player, positions.

    Of pairs they are both sequences. `corpus` is the path of a text that replaces the data set; `feature_names`, if
    there are some, are the features of a table that the model reads.
    """
    recipe = recipe_list.recipe(name)
    if recipe.metric == "score":
        return connect_four.planes(game_players.random_positions(count, seed))
    if recipe.data_set is None:
        return environments.observations(recipe.data, count, seed)
    splits = data.load_text(corpus, limit=count) if corpus else data.load(recipe.data_set, limit=count, seed=seed)
    x, y = (array[:count] for array in splits.test)
    if splits.info.target_vocabulary:
        return [x, y[:, 0, :-1]]
    if feature_names and x.ndim == 2:
        return x[:, [splits.info.feature_names.index(feature) for feature in feature_names]]
    return x


def part_examples(name: str, part: keras.Model, count: int) -> np.ndarray | list:
    """Return inputs of a part of a recipe's model: those of the whole, or random codes for what reads codes."""
    given, shape = examples(name, count), part.inputs[0].shape[1:]
    if isinstance(given, list) or len(shape) == given.ndim - 1:
        return keras.tree.map_structure(lambda array: array.astype(part.inputs[0].dtype), given)
    return np.random.default_rng(0).normal(size=(count, *shape)).astype(part.inputs[0].dtype)


Outputs = Callable[[str, np.ndarray | list[np.ndarray]], list[np.ndarray]]
"""From a part and a batch, of several inputs a list, to the outputs."""


def keras_outputs(name: str, model: keras.Model) -> Outputs:
    """Return the outputs of a Keras model as a function of part and batch."""
    found = parts(name, model)
    for part in found.values():
        if None in part.inputs[0].shape[1:]:
            part.jit_compile = False  # XLA would compile again for each length.

    def outputs(part: str, x) -> list[np.ndarray]:
        return keras.tree.flatten(found[part].predict(x, batch_size=256, verbose=0))

    return outputs


def onnx_outputs(name: str, folder: Path | None = None) -> Outputs:
    """Return the outputs of the ONNX files as a function of part and batch, computed by ONNX Runtime."""
    import onnxruntime

    @functools.cache
    def session(part: str):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # Not its hints on the graph.
        file = (folder or published_runs.FOLDER / name) / f"{part}.onnx"
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def outputs(part: str, x) -> list[np.ndarray]:
        dtype = {"tensor(float)": "float32", "tensor(int32)": "int32"}[session(part).get_inputs()[0].type]
        arrays = [array.astype(dtype) for array in (x if isinstance(x, list) else [x])]
        rows = [slice(start, start + BATCH) for start in range(0, len(arrays[0]), BATCH)]
        batches = [{f"input_{i}": array[part] for i, array in enumerate(arrays)} for part in rows]
        found = [session(part).run(None, batch) for batch in batches]
        return [np.concatenate(values) for values in zip(*found, strict=True)]

    return outputs
