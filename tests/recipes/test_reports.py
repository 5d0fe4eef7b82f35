"""The report of a run, and the comparison of runs."""

import ast
import html
import html.parser
import json
import re
import sys

import numpy as np
import pytest
from PIL import Image

from dlguide.errors import ArgumentError
from recipes._lib.commands import report
from recipes._lib.reports import curves, finished_runs, run_report, small_pictures
from recipes._lib.runs import command_line, recipe_list, results

MACHINE = {"backend": "tensorflow", "versions": {"python": "3.12.1", "keras": "3.15.0"}, "cpu": "Fast", "cores": 3}
HISTORY = "epoch,seconds,loss,val_loss\n1,2.5,0.5,0.25\n2,2.5,0.25,0.125\n"


def published_options(name: str) -> dict:
    """Return the options of a published row."""
    row = recipe_list.recipe(name)
    return finished_runs.default_options(row.recipe) | row.options


def made_run(folder, name: str = "mlp_mnist", seed: int = 1, history: str = HISTORY, metrics=None, **options):
    """Make the folder of a run, by default with the published options and the metrics of a published seed."""
    folder.mkdir(parents=True)
    options = {**published_options(name), "seed": seed, **options, "run_dir": str(folder)}
    command = f"{recipe_list.command(name)} --seed {seed}"
    saved = {"recipe": f"recipes.{recipe_list.recipe(name).recipe}", "command": command, "options": options}
    published = next(iter(results.result(name)["seeds"].values()))
    metrics = {"confusion_matrix": [[1, 0], [0, 1]], **published} if metrics is None else metrics
    for name, content in (("options", saved), ("metrics", metrics), ("machine", MACHINE)):
        results.write_json(folder / f"{name}.json", content)
    if history:
        (folder / "history.csv").write_text(history)
    return folder


def noise(file, width: int = 1500, height: int = 1000):
    """Save a picture that nothing makes small."""
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), "uint8")).save(file)


def written(folder, language: str = "en") -> str:
    return run_report.write(folder, language).read_text(encoding="utf-8")


def text(page: str) -> str:
    """Return what a reader sees, a space for each tag."""
    page = re.sub(r"<(style|title).*?</\1>", "", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


class Tags(html.parser.HTMLParser):
    def __init__(self, page: str):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@pytest.mark.parametrize("name", recipe_list.rows())
def test_a_report_states_result_range_baseline_options_machine_and_command(name, tmp_path):
    page = text(written(made_run(tmp_path / "run", name)))
    recipe, published = recipe_list.recipe(name), results.result(name)
    own, mean = next(iter(published["seeds"].values())), published["mean"]
    for key in (recipe.metric, recipe.baseline):
        assert f"{recipe.format.format(own[key])} {recipe.format.format(mean[key])}" in page
    assert results.written_range(name, published) in page
    assert recipe_list.docstring(recipe.recipe).splitlines()[0] in page
    assert page.startswith(f"{recipe.recipe} · {run_report.Words('en').name(recipe.data)} ")
    for option, default in published_options(name).items():
        assert f"{option} {1 if option == 'seed' else default} " in page
    for words in ("Python 3.12.1 3.11.7", "processor Fast", "cores 3", f"training (s) {own['training_seconds']:.1f}"):
        assert words in page
    assert page.endswith(f"Command {recipe_list.command(name)} --seed 1")
    assert "lies within the 95 % prediction interval" in page or "lies outside the" in page


@pytest.mark.parametrize("language", run_report.LANGUAGES)
def test_a_report_is_one_small_file_that_loads_nothing(language, tmp_path, monkeypatch):
    monkeypatch.setattr(small_pictures, "STEPS", small_pictures.STEPS[:1])  # So that not all pictures have room.
    folder = made_run(tmp_path / "run")
    for number in range(9):
        noise(folder / f"feature_maps_{number}.png", 300, 200)
    page = written(folder, language)
    assert 70_000 < len(page.encode()) <= run_report.LIMIT == 100_000
    tags = Tags(page).found
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in tags}
    images = [attributes for tag, attributes in tags if tag == "img"]
    assert 0 < len(images) < 9 and all(
        image["src"].startswith(f"data:image/{small_pictures.FORMAT};base64,") for image in images
    )
    assert all(int(image["width"]) > 0 and int(image["height"]) > 0 and image["alt"] for image in images)
    addresses = [a.get(name) for tag, a in tags if tag != "img" for name in ("src", "href", "srcset", "data", "style")]
    assert not any(addresses) and "url(" not in page and "@import" not in page and "default-src 'none'" in page
    # What had no room is named.
    last = {"en": "feature maps, convolution 8", "zh": "特征图，卷积层 8"}[language]
    assert last in text(page) and last not in {image["alt"] for image in images}


def test_pictures_are_as_large_as_the_room_allows(tmp_path):
    noise(tmp_path / "large.png", 1500, 750)
    Image.new("RGB", (300, 200), "white").save(tmp_path / "small.png")
    files = [tmp_path / "large.png", tmp_path / "small.png"]
    much, little, least = (small_pictures.fitting(files, room) for room in (10_000_000, 100_000, -1))
    assert [(picture["width"], picture["height"]) for picture in much] == [(1000, 500), (300, 200)]
    assert 300 < little[0]["width"] < 1000 and little[1]["width"] == 300
    assert sum(len(picture["data"]) for picture in little) <= 100_000 and least == []


def test_a_run_with_other_options_says_that_the_published_numbers_belong_to_others(tmp_path):
    folder = made_run(tmp_path / "run", epochs=1, limit=2000)
    page = text(written(folder))
    assert "other options than the published runs: epochs 1 instead of 9, limit 2000 instead of None." in page
    assert "the published numbers on this page belong to other options" in page and "prediction interval of" not in page
    assert "epochs 为 1（公布结果为 9）、limit 为 2000（公布结果为 None）" in text(written(folder, "zh"))


@pytest.mark.parametrize(("shift", "words"), [(0, "accuracy 98.97% lies within"), (-0.1, "accuracy 88.97% lies out")])
def test_a_result_lies_within_or_outside_the_prediction_interval(shift, words, tmp_path):
    metrics = dict(results.result("mlp_mnist")["mean"])
    metrics["accuracy"] += shift
    page = text(written(made_run(tmp_path / "run", metrics=metrics)))
    assert words in page
    assert "of the published results (98.77% to 99.16%)" in page and "one of the published seeds" not in page
    assert "Seed 10 is one of the published seeds." in text(written(made_run(tmp_path / "another", seed=10)))


def test_an_interval_ends_where_its_metric_does(tmp_path):
    for name, metric, low, high in (("anomaly_shuttle", "recall", 0.5, 1), ("transformer_recall", "loss", 0, 0.5)):
        page = text(written(made_run(tmp_path / name, name)))
        ends = re.search(rf" {metric} [\d.]+ [\d.]+ ([-\d.e]+) to ([-\d.e]+) ", page).groups()
        stated = results.result(name)["range"][metric]
        assert stated[0] < 0 or stated[1] > 1
        assert ends == (f"{max(stated[0], low):.4g}", f"{min(stated[1], high):.4g}")


def test_the_winner_of_a_search_stands_below_the_result(tmp_path):
    metrics = {
        "r2_score": 0.9,
        "trials": 25,
        "winner": {"builder": "cnn", "rate": 0.1 + 0.2},
    }
    page = text(written(made_run(tmp_path / "run", "automl", metrics=metrics)))
    assert "Settings that the search found: builder cnn, rate 0.3" in page.replace(" , ", ", ")
    assert "trials 25 – –" in page


def test_what_a_run_lacks_is_left_out(tmp_path):
    folder = made_run(tmp_path / "run", "gan_mnist", history="", metrics={"classes": 9.0, "training_seconds": 3.0})
    (folder / "machine.json").unlink()  # As in folders from before that file.
    results.write_json(folder / "config.json", {"backend": "jax", "versions": {"keras": "3.14.0"}, "model": {}})
    page = text(written(folder))
    assert "Learning curves" not in page and "Pictures" not in page and "Texts" not in page
    assert "Fréchet distance lower is better – 7.12 –" in page  # That of JAX has one seed, so no interval.
    assert "Keras 3.14.0 3.15.1" in page and "processor – AMD EPYC" in page and "backend JAX JAX" in page
    # A backend without a result of its own.
    folder = made_run(tmp_path / "another")
    results.write_json(folder / "machine.json", {**MACHINE, "backend": "torch"})
    assert "This run used PyTorch; the published numbers were measured with TensorFlow." in text(written(folder))


def test_the_learning_curves_picture_stands_in_only_for_missing_numbers(tmp_path):
    for name, history, is_shown in (("with", HISTORY, False), ("without", "", True)):
        folder = made_run(tmp_path / name, history=history)
        Image.new("RGB", (30, 20)).save(folder / "learning_curves.png")
        assert ('alt="learning curves"' in written(folder)) == is_shown


def test_all_that_a_folder_holds_is_escaped(tmp_path):
    folder = made_run(tmp_path / "run", "transformer_shakespeare", corpus="<script>1</script>")
    (folder / "samples.txt").write_text("<b>bold</b> & more", encoding="utf-8")
    (folder / "options.json").write_text((folder / "options.json").read_text().replace("--seed 1", "<i>'\\\"&</i>"))
    (folder / "history.csv").write_text("epoch,seconds,<u>\n1,1,0.5\n2,1,0.5\n")
    Image.new("RGB", (30, 20)).save(folder / "<s>.png")
    page = written(folder)
    assert not re.search(r"<(script|b|i|u|s)\b", page)
    for shown in ("<script>1</script>", "<b>bold</b> & more", "<i>'\"&</i>", "<u>", "<s>"):
        assert shown in text(page)


def test_a_report_in_chinese_has_a_chinese_name_for_each_thing(tmp_path):
    words, chinese = run_report.Words("zh"), re.compile("[\u4e00-\u9fff]")
    metrics = {key for name in recipe_list.names() for key in results.result(name)["mean"]}
    names = {words.metric(key) for key in metrics if not key.endswith("_seconds")} - {"AUROC", "R²"}
    names -= {words.metric(f"baseline_{key}") for key in ("auroc", "r2_score")}
    names |= {words.recipe(name, part) for name in recipe_list.names() for part in ("recipe", "baseline")}
    assert [name for name in names if not chinese.search(name)] == []
    assert set(words) == set(run_report.Words("en")) | {
        f"{part} {name}" for name in recipe_list.names() for part in ("recipe", "baseline")
    }
    calls = [
        call
        for path in [*recipe_list.FOLDER.glob("*_*.py"), *(recipe_list.FOLDER / "_lib").rglob("*.py")]
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) == "save_figures"
    ]
    pictures = {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}
    assert len(pictures) > 15 and {name for name in pictures if f"picture {name}" not in words} == set()
    page = text(written(made_run(tmp_path / "run"), "zh"))
    assert (tmp_path / "run/report.zh.html").exists()
    english = set(re.findall(r"\b[a-z_]{3,}\b", page)) - set(finished_runs.default_options("mlp_mnist"))
    assert english <= {"mlp_mnist", "softmax", "scikit", "learn", "python", "recipes", "seed"}


def test_a_curve_has_its_points_and_no_more_than_a_screen_shows():
    history = {"epoch": [1, 2, 3], "seconds": [9.0] * 3, "mae": [1.0, np.nan, 3.0], "loss": [4.0, 2.0, 0.0]}
    history["val_loss"] = [1.0, 1.0, 1.0]
    first, second = curves.panels(history, str.upper, "epoch")
    assert [first["title"], second["title"]] == ["LOSS", "MAE"] and first["kinds"] == ["training", "valid"]
    paths = dict(re.findall(r'class="line (\w+)" d="M(.*?)"', first["svg"]))
    x, y = np.array([point.split() for point in paths["training"].split("L")], float).T
    assert np.diff(x) == pytest.approx(x[1] - x[0]) and np.diff(y) == pytest.approx(y[1] - y[0]) and y[0] < y[2]
    ticks = re.findall(r'y="([\d.]+)" text-anchor="end">([-\d.e]+)<', first["svg"])
    ticks = {float(number): float(at) - 4 for at, number in ticks}  # The middle of a digit is 4 above its foot.
    assert len(ticks) >= 3 and ticks[2] == pytest.approx(y[1], abs=0.1) and ticks[4] == pytest.approx(y[0], abs=0.1)
    assert len(re.search(r'd="M(.*?)"/><circle', second["svg"])[1].split("L")) == 2  # Without the NaN.
    [long] = curves.panels({"loss": [0.5] * 3999 + [0.25]}, str, "epoch")
    points = re.search(r'class="line training" d="M(.*?)"', long["svg"])[1].split("L")
    assert 100 <= len(points) <= curves.POINTS + 1 and len({point.split()[1] for point in points[-2:]}) == 2
    for constant in ([0.0], [0.5], [0.0, 0.0], [-3.0, -3.0, -3.0]):
        assert "nan" not in curves.panels({"loss": constant}, str, "epoch")[0]["svg"]
    assert curves.panels({"loss": [np.nan]}, str, "epoch") == []


def test_a_text_of_any_length_has_its_place(tmp_path):
    folder = made_run(tmp_path / "run")
    (folder / "mistakes.txt").write_text("mistake " * 100_000, encoding="utf-8")
    assert len(written(folder).encode()) < 30_000


def recipe_that_returns(metrics: dict):
    """Return the `main` of a recipe that has the name of a real one."""
    scope = {"metrics": metrics, "__name__": __name__}
    code = "def main(*, epochs: int = 9, run_dir: str | None = None):\n    return dict(metrics)"
    exec(compile(code, "mlp_mnist.py", "exec"), scope)
    return scope["main"]


def test_the_first_line_at_the_end_of_a_recipe_says_where_the_report_lies(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["mlp_mnist"])
    command_line.run(recipe_that_returns({"accuracy": 0.5, "training_seconds": 1.0}))
    _, end = capsys.readouterr().out.split("\n\n")
    path = "runs/mlp_mnist/1/report.html"
    assert end.splitlines()[:3] == [f"report: {path}", "result on the test set", "  accuracy                     0.5"]
    assert f"\n  {path}\n" in end
    page = text((tmp_path / path).read_text("utf-8"))
    assert "50.00%" in page and f"Keras {results.result('mlp_mnist')['versions']['keras']}" in page
    machine = json.loads((tmp_path / "runs/mlp_mnist/1/machine.json").read_text())
    assert set(machine) >= {"backend", "versions", "cpu", "cores", "date"}


def test_a_report_that_fails_costs_one_line_and_no_result(tmp_path, monkeypatch, capsys):
    def write(folder):
        assert (folder / "metrics.json").exists()
        raise KeyError("a\nbug")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["mlp_mnist"])
    monkeypatch.setattr(run_report, "write", write)
    command_line.run(recipe_that_returns({"accuracy": 0.5, "training_seconds": 1.0}))
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("report: ")]
    assert line.startswith("report: not written (KeyError: ")
    assert line.endswith("). To write it: python -m recipes report runs/mlp_mnist/1")
    assert json.loads((tmp_path / "runs/mlp_mnist/1/metrics.json").read_text())["accuracy"] == 0.5


def test_a_report_is_written_again_in_either_language(tmp_path, capsys):
    folder = made_run(tmp_path / "run")
    report.main(str(folder))
    report.main(str(folder), language="zh")
    assert capsys.readouterr().out == f"report: {folder}/report.html\nreport: {folder}/report.zh.html\n"
    assert '<html lang="zh">' in (folder / "report.zh.html").read_text("utf-8")


@pytest.mark.parametrize("missing", ["options.json", "metrics.json"])
def test_a_folder_without_a_finished_run_is_refused(missing, tmp_path):
    folder = made_run(tmp_path / "run")
    (folder / missing).unlink()
    with pytest.raises(ArgumentError) as refused:
        report.main(str(folder))
    message = f"`folder` must be the folder of a finished run, with {missing} in it."
    assert str(refused.value) == f"{message} Received: folder={str(folder)!r}"
    (folder / missing).write_text("[]")
    with pytest.raises(ArgumentError, match=r"with options\.json, metrics\.json, machine\.json and history\.csv"):
        report.main(str(folder))


@pytest.mark.parametrize(("name", "text"), [("machine.json", "{"), ("history.csv", "epoch;loss\n0;1,5\n")])
def test_a_damaged_file_of_a_run_is_refused(name, text, tmp_path):
    folder = made_run(tmp_path / "run")
    (folder / name).write_text(text)
    with pytest.raises(ArgumentError, match="`folder` must be the folder of a run, with"):
        report.main(str(folder))
