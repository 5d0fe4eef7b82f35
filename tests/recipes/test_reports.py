"""The report of a run, and the comparison of runs."""

import html
import html.parser
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recipes._lib.commands import report
from recipes._lib.published import published_runs
from recipes._lib.reports import finished_runs, run_report
from recipes._lib.result import Result
from recipes._lib.runs import command_line, recipe_list, results
from recipes._lib.words import LANGUAGES

MACHINE = {"backend": "tensorflow", "versions": {"python": "3.12.1", "keras": "3.15.0"}, "cpu": "Fast", "cores": 3}


def published_options(name: str) -> dict:
    """Return the options of a published row."""
    row = recipe_list.recipe(name)
    return finished_runs.default_options(row.recipe) | row.options


def made_run(folder, name: str = "mlp_mnist", seed: int = 1, metrics=None, **options):
    """Make the folder of a run, by default with the published options and the metrics of a published seed."""
    folder.mkdir(parents=True)
    options = {**published_options(name), "seed": seed, **options, "run_dir": str(folder)}
    command = f"{recipe_list.command(name)} --seed {seed}"
    saved = {"recipe": f"recipes.{recipe_list.recipe(name).recipe}", "command": command, "options": options}
    published = next(iter(results.result(name)["seeds"].values()))
    metrics = {"confusion_matrix": [[1, 0], [0, 1]], **published} if metrics is None else metrics
    for name, content in (("options", saved), ("metrics", metrics), ("machine", MACHINE)):
        results.write_json(folder / f"{name}.json", content)
    return folder


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_is_one_small_file_that_loads_nothing_and_names_what_has_no_room(language, tmp_path):
    folder = made_run(tmp_path / "run")
    rng = np.random.default_rng(0)
    sizes = {"codes": (200, 1500), "learning_curves": (200, 700), "samples": (2400, 600), "examples": (200, 200)}
    for name, size in sizes.items():
        Image.fromarray(rng.integers(0, 256, (*size, 3), "uint8")).save(folder / f"{name}.png", compress_level=0)
    page = written(folder, language)
    assert 20_000 < len(page.encode()) <= run_report.LIMIT == 100_000
    tags = Tags(page).found
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in tags}
    images = [attributes for tag, attributes in tags if tag == "img"]
    assert [(int(image["width"]), int(image["height"])) for image in images] == [(600, 171), (600, 80), (200, 200)]
    assert all(image["src"].startswith("data:image/webp;base64,") and image["alt"] for image in images)
    addresses = [a.get(name) for tag, a in tags if tag != "img" for name in ("src", "href", "srcset", "data", "style")]
    assert not any(addresses) and "url(" not in page and "@import" not in page and "default-src 'none'" in page
    first, left_out = {"en": ("learning curves", "samples"), "zh": ("学习曲线", "生成的样本")}[language]
    assert images[0]["alt"] == first and left_out in text(page)


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
    metrics = {"r2_score": 0.9, "trials": 25, "winner": {"builder": "cnn", "rate": 0.1 + 0.2}}
    page = text(written(made_run(tmp_path / "run", "automl", metrics=metrics)))
    assert "Settings that the search found: builder cnn, rate 0.3" in page.replace(" , ", ", ")
    assert "trials 25 – –" in page


def test_what_a_run_lacks_is_left_out(tmp_path):
    folder = made_run(tmp_path / "run", "gan_mnist", metrics={"classes": 9.0, "training_seconds": 3.0})
    (folder / "machine.json").unlink()  # As in folders from before that file.
    results.write_json(folder / "config.json", {"backend": "torch", "versions": {"keras": "3.14.0"}, "model": {}})
    page = text(written(folder))
    assert "Pictures" not in page and "Texts" not in page
    assert "Fréchet distance lower is better – 7.05 –" in page  # That of PyTorch has one seed, so no interval.
    assert "Keras 3.14.0 3.15.1" in page and "processor – Intel(R) Xeon" in page
    assert "backend PyTorch PyTorch" in page
    # A backend without a result of its own.
    folder = made_run(tmp_path / "another")
    results.write_json(folder / "machine.json", {**MACHINE, "backend": "torch"})
    assert "This run used PyTorch; the published numbers were measured with TensorFlow." in text(written(folder))


def test_all_that_a_folder_holds_is_escaped_and_a_text_of_any_length_has_its_place(tmp_path):
    folder = made_run(tmp_path / "run", "transformer_shakespeare", corpus="<script>1</script>")
    (folder / "samples.txt").write_text("<b>bold</b> & more", encoding="utf-8")
    (folder / "options.json").write_text((folder / "options.json").read_text().replace("--seed 1", "<i>'\\\"&</i>"))
    (folder / "mistakes.txt").write_text("mistake " * 100_000, encoding="utf-8")
    Image.new("RGB", (30, 20)).save(folder / "<s>.png")
    page = written(folder)
    assert len(page.encode()) < 30_000
    assert not re.search(r"<(script|b|i|s)\b", page)
    for shown in ("<script>1</script>", "<b>bold</b> & more", "<i>'\"&</i>", "<s>"):
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
    pictures = {re.sub(r"_\d+$", "", path.name.partition(".")[0]) for path in published_runs.FOLDER.glob("*/*.png")}
    assert len(pictures) > 15 and {name for name in pictures if f"picture {name}" not in words} == set()
    page = text(written(made_run(tmp_path / "run"), "zh"))
    assert (tmp_path / "run/report.zh.html").exists()
    english = set(re.findall(r"\b[a-z_]{3,}\b", page)) - set(finished_runs.default_options("mlp_mnist"))
    assert english <= {"mlp_mnist", "softmax", "scikit", "learn", "python", "recipes", "seed"}


def test_a_chinese_report_shows_the_chinese_picture(tmp_path):
    folder = made_run(tmp_path / "run")
    for width, name in ((67, "samples.png"), (123, "samples.zh.png")):
        Image.new("RGB", (width, 45)).save(folder / name)
    widths = [set(re.findall(r'width="(\d+)"', written(folder, language))) for language in ("en", "zh")]
    assert widths == [{"67"}, {"123"}]


def recipe_that_returns(metrics: dict):
    """Return the `main` of a recipe that has the name of a real one."""
    scope = {"result": Result(metrics, None, {}, seconds=1.0), "__name__": __name__}
    code = "def main(*, epochs: int = 9, run_dir: str | None = None):\n    return result"
    exec(compile(code, "mlp_mnist.py", "exec"), scope)
    return scope["main"]


def test_the_first_line_at_the_end_of_a_recipe_says_where_the_report_lies(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["mlp_mnist"])
    command_line.run(recipe_that_returns({"accuracy": 0.5}))
    *_, end = capsys.readouterr().out.split("\n\n")
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
    command_line.run(recipe_that_returns({"accuracy": 0.5}))
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("report: ")]
    assert line.startswith("report: not written (KeyError: ")
    assert line.endswith("). To write it: python -m recipes report runs/mlp_mnist/1")
    assert json.loads((tmp_path / "runs/mlp_mnist/1/metrics.json").read_text())["accuracy"] == 0.5


def test_a_report_is_written_again_in_either_language(tmp_path, capsys):
    folder = made_run(tmp_path / "run")
    report.main((str(folder),))
    report.main((str(folder),), language="zh")
    assert capsys.readouterr().out == f"report: {folder}/report.html\nreport: {folder}/report.zh.html\n"
    assert '<html lang="zh">' in (folder / "report.zh.html").read_text("utf-8")


def test_of_several_runs_a_table_says_in_which_options_and_metrics_they_differ(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    metrics = {"accuracy": 0.98765, "loss": 0.5, "confusion_matrix": [[1]], "training_seconds": 2.0}
    for name, more, options in (("a", {}, {}), ("b", {"accuracy": 0.9, "confusion_matrix": [[2]]}, {"epochs": 1})):
        made_run(Path(name), metrics=metrics | more, **options)
    report.main(("a", "b"))
    assert capsys.readouterr().out.splitlines() == [
        "          a       b",
        "epochs    9       1",
        "accuracy  0.9877  0.9",
        "",
        "report: a/report.html",
        "report: b/report.html",
    ]
    with pytest.raises(ValueError, match=r"`run_dirs` must be one or more. Received: run_dirs=\(\)"):
        report.main(())


@pytest.mark.parametrize(("file", "damage"), [("options.json", "[]"), ("metrics.json", "[]"), ("machine.json", "{")])
def test_a_folder_without_a_finished_run_is_refused(file, damage, tmp_path):
    folder = made_run(tmp_path / "run")
    (folder / file).write_text(damage)
    with pytest.raises(ValueError, match=r"with options\.json, metrics\.json and machine\.json"):
        report.main((str(folder),))
    (folder / file).unlink()
    if file != "machine.json":  # Folders from before that file are read.
        with pytest.raises(ValueError) as refused:
            report.main((str(folder),))
        message = f"`run_dir` must be the folder of a finished run, with {file} in it."
        assert str(refused.value) == f"{message} Received: run_dir={str(folder)!r}"
