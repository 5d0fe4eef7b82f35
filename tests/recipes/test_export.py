"""`recipes export`: a saved run becomes a file for another runtime, called as the printed lines say."""

import json

import numpy as np
import pytest

from dlguide import data, encoder_decoder, linear_regression, perceptron, vae
from recipes._lib.commands import export


def saved_run(folder, recipe, model=None, **options):
    run = {"recipe": f"recipes.{recipe}", "options": {"seed": 0, "limit": 60, **options}}
    (folder / "options.json").write_text(json.dumps(run))
    if model is not None:
        model.save(folder / "model.keras")
    return str(folder)


@pytest.mark.parametrize(("file_format", "rows"), [("onnx", 5), ("litert", 1)])
def test_the_lines_that_it_prints_call_the_file_without_keras(file_format, rows, tmp_path, capsys):
    model = perceptron((28, 28, 1), 10)
    folder = saved_run(tmp_path, "perceptron_mnist", model)
    export.main(folder, format=file_format)
    out = capsys.readouterr().out
    assert "largest difference from predict on 20 examples: " in out
    lines = [line.strip() for line in out.splitlines() if line.startswith("    ")]
    names = {"x": data.load("mnist", limit=20).test.x[:rows]}
    exec("\n".join(lines), names)
    assert len(lines) == 3 and "keras" not in "".join(lines)
    given = names["outputs"]["output_0" if file_format == "litert" else 0]
    np.testing.assert_allclose(given, model.predict(names["x"], verbose=0), atol=1e-4)
    with pytest.raises(ValueError, match="`path` must be a path that does not exist yet"):
        export.main(folder, format=file_format)


@pytest.mark.thorough
def test_the_parts_of_a_model_are_exported_one_by_one(tmp_path, capsys):
    folder = saved_run(tmp_path, "vae_mnist", vae((28, 28, 1), latent_dim=2, hidden_units=(4,)))
    with pytest.raises(ValueError, match=r"export its parts: model.get_layer\('encoder'\), model.get_layer\('decoder"):
        export.main(folder)
    for part in ("encoder", "decoder"):
        export.main(folder, part=part, path=str(tmp_path / f"{part}.onnx"))
    assert "x of shape (n, 2), float32" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"`part` must be one of the model's parts, encoder, decoder. Received"):
        export.main(folder, part="x")


@pytest.mark.thorough
def test_the_decoder_of_an_encoder_decoder_is_exported_with_all_its_inputs(tmp_path, capsys):
    words = data.load("pronunciations", limit=20)
    model = encoder_decoder(len(words.info.vocabulary), len(words.info.target_vocabulary), units=(4,), embed_dim=4)
    folder = saved_run(tmp_path, "seq2seq_pronounce", model)
    source, target = export._examples(tmp_path)
    assert np.array_equal(source, words.test.x) and np.array_equal(target, words.test.y[:, 0, :-1])
    assert export._part_examples(model, "encoder", [source, target], "onnx") is source
    export.main(folder, part="decoder")
    out = capsys.readouterr().out
    assert "with x_0 of shape (n, any), int32; x_1 of shape (n, any), int32; x_2 of shape (n, any, 4), float32" in out
    arrays = [target, source, *(np.array(tensor) for tensor in model.get_layer("encoder")(source))]
    found = {f"x_{i}": array for i, array in enumerate(arrays)}
    exec("\n".join(line.strip() for line in out.splitlines() if line.startswith("    ")), found)
    for one, other in zip(found["outputs"], model.get_layer("decoder")(arrays), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    export.main(folder, part="decoder", format="litert")
    assert "with x_0 of shape (1, 1), int32; x_1" in capsys.readouterr().out  # One token at a time.


def test_a_model_of_some_features_gets_those(tmp_path, capsys):
    folder = saved_run(tmp_path, "linear_regression_mpg", linear_regression((1,)))
    (tmp_path / "input.json").write_text('{"feature_names": ["weight"]}')
    mpg = data.load("auto_mpg", limit=20)
    assert np.array_equal(export._examples(tmp_path), mpg.test.x[:, [mpg.info.feature_names.index("weight")]])
    with pytest.raises(ValueError, match=r"`part` must be left out: the model has no parts. Received: part='encoder'"):
        export.main(folder, part="encoder")


def test_a_run_of_a_further_row_gets_the_data_of_its_row(tmp_path):
    saved_run(tmp_path, "automl", data="leaves")
    assert np.array_equal(export._examples(tmp_path), data.load("leaves", limit=20).test.x[:20])


def test_the_network_of_an_agent_gets_observations(tmp_path):
    saved_run(tmp_path, "dqn_cartpole", env="Acrobot-v1")
    x = export._examples(tmp_path)
    assert x.shape == (20, 6) and x.dtype == "float32" and np.abs(x[1:] - x[:-1]).max() > 0


def test_the_network_of_a_player_gets_positions(tmp_path):
    saved_run(tmp_path, "selfplay_connect4", games=64)
    x = export._examples(tmp_path)
    assert x.shape == (20, 6, 7, 2) and {*np.unique(x)} == {0, 1} and (x.sum(axis=-1) <= 1).all()
    assert len(np.unique(x.reshape(20, -1), axis=0)) > 15
