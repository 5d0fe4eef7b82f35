"""`recipes/published/`: every file is the one that run.json states, each model gives its score, wherever it runs."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import recipes
from dlguide import mlp
from recipes._lib.published import model_files, published_runs
from recipes._lib.runs import finished_runs, recipe_list, results
from tests.helpers.switches import quick
from tests.helpers.training_runs import same
from tools import publish

NAMES, MODELS = published_runs.names(), published_runs.models()
LARGEST = 20_000_000  # Bytes of all models together, with what belongs to a run but pages and pictures.


def test_each_recipe_has_a_run_and_each_one_with_parts_a_model():
    assert recipe_list.names() == NAMES
    assert [name for name in recipe_list.names() if recipe_list.recipe(name).published_parts] == MODELS
    assert len(MODELS) == 15


def test_all_together_is_small():
    files = [path for path in published_runs.FOLDER.rglob("*") if path.is_file()]
    sizes = [path.stat().st_size for path in files if path.suffix not in (".md", ".png")]
    assert sum(sizes) <= LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_a_published_run_is_what_its_run_json_states(name, tmp_path):
    run = published_runs.run(name)
    for path in (published_runs.FOLDER / name).iterdir():
        if path.name != "run.json" and path.suffix != ".md":
            shutil.copyfile(path, tmp_path / path.name)
    assert published_runs.files(tmp_path) == run["files"]
    assert run["recipe"] == name and run["command"] == f"python -m recipes.{name} --seed {run['seed']}"
    assert "/tmp" not in json.dumps(run)
    assert run["options"] == finished_runs.default_options(name) | {"seed": run["seed"]}
    assert {"python", "keras", run["machine"]["backend"]} <= run["machine"]["versions"].keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_score_of_a_published_run_lies_in_the_range_of_the_published_results(name):
    recipe, run = recipe_list.recipe(name), published_runs.run(name)
    # Of 22 runs, one falls out of a 95 % interval on average: this one is wider.
    _, low, high = results.prediction_interval(recipe, results.result(name), 0.999)
    assert low <= run["metrics"][recipe.metric] <= high


def test_the_page_of_the_explanations_states_the_means_of_all_seeds():
    explained = results.result("explanation_mnist")
    mean, grad_cam = explained["mean"], [100 * each["grad_cam_found"] for each in explained["seeds"].values()]
    ways = ("gradients", "integrated_gradients", "occlusion", "grad_cam")
    found = [[100 * mean[f"{group}{way}_found"] for way in ways] for group in ("", "undeceived_", "clean_")]
    orders = ("integrated_gradients", "occlusion", "gradients", "grad_cam")
    areas = [
        mean[f"{order}_deletion"] for order in (*orders, "smallest_stroke", "clean_occlusion", "random", "laplacian")
    ]
    share = "gradients {:.1f} %, integrated gradients {:.1f} %, occlusion {:.1f} %, Grad-CAM {:.1f} %"
    area = "integrated gradients {:.2f}, occlusion {:.2f}, gradients {:.2f}, Grad-CAM {:.2f}, smallest stroke {:.2f}, "
    area += "the clean network's occlusion {:.2f}, random order {:.2f}, Laplacian {:.2f}"
    chinese = "梯度 {:.1f}%，积分梯度 {:.1f}%，遮挡 {:.1f}%，Grad-CAM {:.1f}%"
    chinese_area = "积分梯度 {:.2f}，遮挡 {:.2f}，梯度 {:.2f}，Grad-CAM {:.2f}，最小的笔画 {:.2f}，"
    chinese_area += "干净网络的遮挡 {:.2f}，随机顺序 {:.2f}，拉普拉斯滤波 {:.2f}"
    for page, shares, curve, spread in (
        ("README.md", share, area, "from {:.1f} to {:.1f} %"),
        ("README.zh.md", chinese, chinese_area, "{:.1f}% 至 {:.1f}%"),
    ):
        text = (published_runs.FOLDER / "explanation_mnist" / page).read_text(encoding="utf-8")
        for said in (
            *(shares.format(*values) for values in found),
            curve.format(*areas),
            spread.format(min(grad_cam), max(grad_cam)),
        ):
            assert said in text, said


@pytest.mark.parametrize("name", MODELS)
def test_small_weights_keep_the_score(name):
    model = published_runs.run(name)["model"]
    [(metric, own)], [(same, published)] = model["score_of_run"].items(), model["score"].items()
    assert metric == same and published == pytest.approx(own, rel=1e-3, abs=2e-4)
    if metric == recipe_list.recipe(name).metric:
        assert own == pytest.approx(published_runs.run(name)["metrics"][metric], rel=1e-4)


# The metrics of any model; `transfer_mnist` has the accuracy of one of the networks that its own is about.
SCORED = [name for name in MODELS if recipe_list.recipe(name).metric in publish.COMPILED and name != "transfer_mnist"]


@pytest.mark.parametrize("name", quick(SCORED))
def test_a_published_model_gives_its_score(name):
    run = published_runs.run(name)
    assert publish.score(name, recipes.pretrained(name), run["seed"]) == pytest.approx(run["model"]["score"], rel=1e-4)


@pytest.mark.parametrize("name", quick(MODELS, *sorted(MODELS)[::4]))
def test_the_model_of_keras_and_the_files_agree(name):
    model = recipes.pretrained(name)
    assert not model.compiled
    ours, theirs = model_files.keras_outputs(name, model), model_files.onnx_outputs(name)
    for part, exported in model_files.parts(name, model).items():
        x = model_files.part_examples(name, exported, 20)
        for one, other in zip(ours(part, x), theirs(part, x), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)


def test_the_attention_of_the_published_transformer_finds_the_pair():
    x = model_files.examples("transformer_recall", 20)
    _, weights = model_files.onnx_outputs("transformer_recall")("model", x)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
    words = json.loads((published_runs.FOLDER / "transformer_recall/input.json").read_text("utf-8"))["vocabulary"]
    found = []
    for ids, heads in zip(x, weights, strict=True):
        texts = [words[i] for i in ids]
        question = next(i for i, text in enumerate(texts) if text.endswith("?"))
        pairs = heads[:, question, :question].max(axis=0)  # The head that looks there most.
        found.append(texts[int(pairs.argmax())][0] == texts[question][0])
    assert np.mean(found) >= 0.9


@pytest.mark.thorough
def test_a_model_comes_back_from_the_files_that_it_is_written_to(tmp_path, monkeypatch):
    model, x = mlp((28, 28, 1), 10, hidden_units=(64, 64), batch_norm=True), model_files.examples("mlp_mnist", 20)
    (tmp_path / "mlp_mnist").mkdir()
    before = model.predict(x, verbose=0)
    scores = publish.write_model("mlp_mnist", model, tmp_path / "mlp_mnist", 10)
    monkeypatch.setattr(published_runs, "FOLDER", tmp_path)
    monkeypatch.setattr(published_runs, "models", lambda: ["mlp_mnist"])
    assert same(recipes.pretrained("mlp_mnist").get_weights(), model.get_weights())
    assert (tmp_path / "mlp_mnist/model.onnx").stat().st_size < 2.5 * model.count_params()  # 2 bytes for a weight.
    [given] = model_files.onnx_outputs("mlp_mnist")("model", x)
    np.testing.assert_allclose(given, model.predict(x, verbose=0), atol=1e-5)
    np.testing.assert_allclose(given, before, atol=0.01)
    assert scores["score"] == pytest.approx(scores["score_of_run"], abs=0.001)


@pytest.fixture
def finished(tmp_path):
    """The folder of a finished run of `perceptron_mnist`; other options and another recipe may be asked for."""

    def folder(recipe="perceptron_mnist", **options):
        options = {**finished_runs.default_options("perceptron_mnist"), "seed": 10, "run_dir": "x"} | options
        content = {"recipe": f"recipes.{recipe}", "command": "python", "options": options}
        (tmp_path / "options.json").write_text(json.dumps(content))
        (tmp_path / "metrics.json").write_text('{"accuracy": 0.92, "confusion_matrix": [[1]]}')
        (tmp_path / "history.csv").write_text("epoch,loss\n1,0.5\n")
        Image.new("RGBA", (20, 10), "white").save(tmp_path / "learning_curves.png")
        return str(tmp_path)

    return folder


def test_a_run_that_may_not_be_published_is_refused(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(published_runs, "FOLDER", tmp_path / "published")  # What stands there stays if this test fails.
    with pytest.raises(ValueError, match=r"`folders` must be one or more. Received: folders=\(\)"):
        publish.main(())
    for options, must_be in (
        ({"limit": 100}, r"folders of runs with the published options\. Received: .* \(other: limit\)"),
        ({"epochs": 1}, r"folders of runs with the published options\. Received: .* \(other: epochs\)"),
        ({"recipe": "perceptron"}, r"a recipe that recipes\.toml has"),
    ):
        with pytest.raises(ValueError, match=rf"^`\w+` must be {must_be}"):
            publish.main((finished(**options),))
    folder = finished()
    Path(folder, "metrics.json").unlink()
    with pytest.raises(ValueError, match=r"must be the folder of a finished run, with metrics\.json in it"):
        publish.main((folder,))


def test_a_run_replaces_an_older_one_and_leaves_the_page(finished, tmp_path):
    target = tmp_path / "published/perceptron_mnist"
    target.mkdir(parents=True)
    for name in ("README.md", "README.zh.md", "old.png"):
        (target / name).write_text(name)
    publish.publish_run(finished_runs.read(finished()), target)
    files = ["README.md", "README.zh.md", "history.csv", "learning_curves.png", "run.json"]
    assert sorted(path.name for path in target.iterdir()) == files
    run = json.loads((target / "run.json").read_text("utf-8"))
    assert run["metrics"] == {"accuracy": 0.92} and run["seed"] == 10
    assert [path.name for path in target.parent.iterdir()] == ["perceptron_mnist"]
