"""A saved run answers: `recipes.predict` from the run folder alone."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw
from test_recipes import command, is_start_up_message

from dlguide import data
from recipes import (
    _cli,
    bilstm_vowels,
    gru_sunspots,
    lstm_names,
    perceptron_mnist,
    predict,
    transformer_shakespeare,
)


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


def test_a_name_gets_languages_and_a_prompt_goes_on(tmp_path, capsys):
    lstm_names.main(limit=60, epochs=1, run_dir=str(tmp_path / "names"))
    transformer_shakespeare.main(limit=10, epochs=1, run_dir=str(tmp_path / "text"))
    capsys.readouterr()
    predict.main(str(tmp_path / "names"), ["Rossi", "O'Brien"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Rossi: ") and first.count("%") == 3 and second.startswith("O'Brien: ")
    for seed in (0, 0, 1):
        predict.main(str(tmp_path / "text"), ["To be"], num_tokens=20, seed=seed)
    out = capsys.readouterr().out
    assert out.startswith("To be") and len(out) == 3 * 26
    assert out[:26] == out[26:52] != out[52:]


def test_numbers_are_in_the_units_of_the_data(tmp_path, capsys):
    gru_sunspots.main(limit=60, epochs=1, run_dir=str(tmp_path / "sunspots"))
    bilstm_vowels.main(limit=60, epochs=1, run_dir=str(tmp_path / "vowels"))
    frames = tmp_path / "frames.csv"
    np.savetxt(frames, np.ones((7, 12)), delimiter=",")
    capsys.readouterr()
    predict.main(str(tmp_path / "sunspots"), [",".join(["80"] * 36)])
    predict.main(str(tmp_path / "vowels"), [str(frames)])
    first, second = capsys.readouterr().out.splitlines()
    assert abs(float(first.split(": sunspots ")[1]) - 80) < 60  # A first epoch stays near the last month.
    assert "speaker" in second
    with pytest.raises(ValueError, match=r"`inputs` must be 36 x 1 numbers. Received: '1,2'"):
        predict.main(str(tmp_path / "sunspots"), ["1,2"])
    with pytest.raises(ValueError, match=r"`inputs` must be numbers such as 1.5,2 or CSV files with rows of numbers"):
        predict.main(str(tmp_path / "sunspots"), ["a,b"])


def test_it_answers_in_a_new_process_and_refuses_in_one_line(digits, tmp_path):
    picture = drawn(tmp_path / "one.png", (64, 64))
    done = command("recipes.predict", str(digits), picture)
    assert done.returncode == 0 and f"{picture}: 1 " in done.stdout, done.stderr
    text, blank = tmp_path / "text.png", tmp_path / "blank.png"
    text.write_text("no picture")
    Image.new("L", (20, 20), 255).save(blank)
    for arguments, message in (
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


def test_a_corpus_that_is_none_ends_the_command_in_one_line(tmp_path, monkeypatch, capsys):
    path = tmp_path / "empty.txt"
    path.write_text("")
    monkeypatch.chdir(tmp_path)
    for corpus in (path, tmp_path / "none.txt"):
        monkeypatch.setattr(sys, "argv", ["transformer_shakespeare", "--corpus", str(corpus)])
        with pytest.raises(SystemExit) as stop:
            _cli.run(transformer_shakespeare.main)
        assert stop.value.code == 2 and len(capsys.readouterr().err.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["empty.txt"]
