"""A saved run answers: `recipes.predict` from the run folder alone."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw
from test_recipes import command, is_start_up_message

from dlguide import data, linear_regression, rnn, transformer_language_model
from recipes import _shared, perceptron_mnist, predict, transformer_shakespeare


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A run of a few seconds that knows most digits."""
    folder = tmp_path_factory.mktemp("digits") / "run"
    perceptron_mnist.main(limit=4000, epochs=12, run_dir=str(folder))
    return folder


def drawn(path, size, *, ink=0, ground=255, shade=0.0):
    """Draw a 1 or, to the right of the middle, its like: a thick upright stroke on a ground that one side shades."""
    width, height = size
    pixels = np.full((height, width), float(ground))
    pixels -= shade * ground * np.linspace(0, 1, width)
    image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
    ImageDraw.Draw(image).line(
        [(0.6 * width, 0.2 * height), (0.5 * width, 0.8 * height)], fill=ink, width=max(3, width // 12)
    )
    image.save(path)
    return str(path)


def test_a_drawn_digit_is_the_same_at_any_size_and_colour(digits, tmp_path, capsys):
    options = {
        "dark.png": ((300, 400), {}),
        "light.png": ((90, 70), {"ink": 255, "ground": 0}),
        "photo.jpg": ((1200, 900), {"ink": 40, "ground": 220, "shade": 0.4}),
    }
    paths = [drawn(tmp_path / name, size, **more) for name, (size, more) in options.items()]
    predict.main(str(digits), paths)
    lines = capsys.readouterr().out.splitlines()
    for path, line in zip(paths, lines, strict=True):
        assert line.startswith(f"{path}: 1 ") and line.count("%") == 3


def test_pictures_of_the_test_part_come_out_as_they_were(digits, tmp_path, capsys):
    mnist = data.load("mnist", limit=40)
    told = predict._told(digits)
    near = 0
    for i, (x, y) in enumerate(zip(*mnist.test, strict=True)):
        big = Image.fromarray((255 - 255 * x[..., 0]).astype("uint8")).resize((280, 280), Image.Resampling.BICUBIC)
        path = tmp_path / f"{i}_{y}.png"
        big.save(path)
        near += np.abs(predict._picture(str(path), told)[..., 0] - x[..., 0]).mean() < 0.05
    assert near >= 36  # A pixel's shift makes .06 and more.


def saved(folder, model, kind, splits, **more):
    """Leave a run folder with a model that knows nothing yet."""
    folder.mkdir()
    model.save(folder / "model.keras")
    _shared.save_input(folder, kind, splits, **more)
    return str(folder)


def test_a_name_gets_its_likeliest_classes(tmp_path, capsys):
    names = data.load("names", limit=10)
    model = rnn((14,), 15, units=(4,), vocab_size=len(names.info.vocabulary))
    folder = saved(tmp_path / "run", model, "text", names)
    predict.main(folder, ["Rossi", "O'Brien"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Rossi: ") and second.startswith("O'Brien: ")
    logits = model.predict(data.encode(["Rossi"], names.info.vocabulary, 14), verbose=0)[0]
    likeliest = names.info.class_names[logits.argmax()]
    share = np.exp(logits).max() / np.exp(logits).sum()
    assert first.startswith(f"Rossi: {likeliest} {share:.1%}, ") and first.count("%") == 3
    with pytest.raises(ValueError, match=r"`inputs` must be texts of at least one character. Received: ''"):
        predict.main(folder, [""])


def test_a_prompt_goes_on(tmp_path, capsys):
    text = data.load("shakespeare", limit=4)
    model = transformer_language_model(len(text.info.vocabulary), 16, embed_dim=8, num_heads=1, num_layers=1)
    folder = saved(tmp_path / "run", model, "prompt", text)
    for seed in (0, 0, 1):
        predict.main(folder, ["To be"], num_tokens=20, seed=seed)
    out = capsys.readouterr().out
    assert out.startswith("To be") and len(out) == 3 * 26
    assert out[:26] == out[26:52] != out[52:]
    with pytest.raises(ValueError, match=r"`inputs` must be texts of at least one character. Received: ''"):
        predict.main(folder, [""])
    with pytest.raises(ValueError, match=r"`temperature` must be a number of at least 0. Received: temperature=-1"):
        predict.main(folder, ["To be"], temperature=-1)


def test_numbers_are_in_the_units_of_the_data(tmp_path, capsys):
    sunspots, vowels, mpg = (data.load(name, limit=10) for name in ("sunspots", "vowels", "auto_mpg"))
    last = keras.Sequential([keras.Input((36, 1)), keras.layers.Cropping1D((35, 0)), keras.layers.Flatten()])
    folder = saved(tmp_path / "sunspots", last, "numbers", sunspots, is_series=True, exact=True)
    predict.main(folder, [",".join(["10"] * 35 + ["80"])])
    assert capsys.readouterr().out.endswith(": sunspots 80\n")
    predict.main(folder, [",".join(["1234.567"] * 35 + ["80"])])  # Too long for the name of a file.
    assert capsys.readouterr().out.endswith(": sunspots 80\n")
    with pytest.raises(ValueError, match=r"`inputs` must be 36 x 1 numbers. Received: '1,2'"):
        predict.main(folder, ["1,2"])
    with pytest.raises(ValueError, match=r"`inputs` must be numbers such as 1.5,2 or CSV files with rows of numbers"):
        predict.main(folder, ["a,b"])

    folder = saved(tmp_path / "mpg", linear_regression((7,)), "numbers", mpg, is_series=False, exact=True)
    predict.main(folder, ["8,307,130,3504,12,70,1"])
    assert capsys.readouterr().out == "8,307,130,3504,12,70,1: mpg 0\n"

    folder = saved(tmp_path / "vowels", rnn((29, 12), 9, units=(4,)), "numbers", vowels, is_series=False, exact=False)
    np.savetxt(
        tmp_path / "frames.csv", np.ones((7, 12)), delimiter=", ", footer="\n", comments="", encoding="utf-8-sig"
    )
    np.savetxt(tmp_path / "long.csv", np.ones((30, 12)), delimiter=",")
    predict.main(folder, [str(tmp_path / "frames.csv")])
    assert "csv: speaker " in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"`inputs` must be 29 x 12 numbers at the most. Received: "):
        predict.main(folder, [str(tmp_path / "long.csv")])


def test_it_answers_in_a_new_process_and_refuses_in_one_line(digits, tmp_path):
    picture = drawn(tmp_path / "one.png", (64, 64))
    done = command("recipes.predict", str(digits), picture)
    assert done.returncode == 0 and f"{picture}: 1 " in done.stdout, done.stderr
    text, blank = tmp_path / "text.png", tmp_path / "blank.png"
    text.write_text("no picture")
    Image.new("L", (20, 20), 255).save(blank)
    without = tmp_path / "without"
    without.mkdir()
    (without / "metrics.json").write_text("{}")
    for arguments, message in (
        ([str(without), picture], "`run_folder` must be of a recipe that answers to an input; use the model.keras of"),
        (
            [str(tmp_path), picture],
            "`run_folder` must be the folder of a finished run, with model.keras and input.json",
        ),
        ([str(digits), str(text)], f"`inputs` must be picture files. Received: '{text}'"),
        ([str(digits), str(tmp_path / "none.png")], "`inputs` must be picture files. Received: "),
        ([str(digits), str(blank)], "`inputs` must be pictures with something on them. Received: "),
    ):
        done = refused(arguments)
        assert done.returncode == 2
        [line] = [line for line in done.stderr.splitlines() if not is_start_up_message(line)]
        assert line.startswith(message)


def refused(arguments):
    """Run the command without the start of another process for each."""
    code = f"import sys; sys.argv = ['predict', *{arguments!r}]; from recipes import _cli, predict; "
    code += "_cli.run_tool(predict.main, 'recipes.predict')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_texts_of_ones_own_are_cut_by_position_and_bad_ones_named(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("abcdefghij" * 100)
    text = data.load_text(path, length=20)
    assert data.decode(text.train.x[0], text.info.vocabulary) == "abcdefghij" * 2
    assert data.decode(text.train.y[0], text.info.vocabulary) == "bcdefghija" * 2
    assert [len(part.x) for part in text[:3]] == [39, 4, 4]
    assert data.is_test_part(text.test.x) and not data.is_test_part(text.valid.x)
    path.write_text("")
    with pytest.raises(ValueError, match=r"`path` must be a text of at least 1290 characters, .* of 0 characters"):
        data.load_text(path)
    for content in (b"\xff\xfe\x00a" * 900, b"a\x00" * 900):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"`path` must be a text file in UTF-8"):
            data.load_text(path)


def test_a_model_of_ones_own_text_is_trained_samples_are_left_and_a_prompt_goes_on(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(_shared, "lstm_figures", lambda *_: {})  # The test of all recipes trains the baseline.
    corpus = tmp_path / "mine.txt"
    corpus.write_text("to be, or not to be; " * 200, encoding="utf-8")
    folder = tmp_path / "run"
    metrics = transformer_shakespeare.main(corpus=str(corpus), epochs=1, run_dir=str(folder))
    assert 0 < metrics["nats_per_character"] < 5
    samples = (folder / "samples.txt").read_text(encoding="utf-8")
    assert samples.count("--- temperature") == 4
    predict.main(str(folder), ["not to"], num_tokens=5)
    answer = capsys.readouterr().out.splitlines()[-1]
    assert answer.startswith("not to") and len(answer) == 11 and set(answer) <= set("to be, or not to be; ")
