"""A saved run answers: `recipes.predict` from the run folder alone."""

import json
import sys

import keras
import numpy as np
import pytest
from commands import command
from PIL import Image, ImageDraw

from dlguide import data, linear_regression, rnn, transformer_language_model
from recipes import predict, transformer_shakespeare
from recipes._lib import baselines, input_readers
from recipes._lib.runs import command_line, input_description
from recipes._lib.texts import country_names, ngrams, texts


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


def test_a_model_that_is_not_sure_says_so(digits, tmp_path, capsys):
    path = drawn(tmp_path / "one.png", (64, 64))
    description = predict.input_description(digits)
    for temperature, begin in ((description["temperature"], f"{path}: 1 "), (1000.0, f"{path}: not sure: 1 10")):
        (digits / "input.json").write_text(json.dumps({**description, "temperature": temperature}))
        predict.main(str(digits), [path])
        answer = capsys.readouterr().out
        assert answer.startswith(begin) and answer.count("%") == 3
    (digits / "input.json").write_text(json.dumps(description))


def saved(folder, model, kind, splits, **more):
    """Leave a run folder with a model that knows nothing yet."""
    folder.mkdir()
    model.save(folder / "model.keras")
    input_description.save_input(folder, kind, splits, **more)
    return str(folder)


def test_a_name_gets_its_likeliest_classes(tmp_path, capsys):
    places = data.load("places", limit=10)
    vectors = ngrams.ngram_vectors(4, longest=2, buckets=50, dropout=0)
    model = keras.Sequential([vectors, rnn((None, 4), 20, units=(4,))])
    folder = saved(tmp_path / "run", model, "text", places)
    predict.main(folder, ["Roma", "L'Aquila"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Roma: ") and second.startswith("L'Aquila: ")
    logits = model.predict(data.encode(["Roma"], places.info.vocabulary, 24), verbose=0)[0]
    likeliest = places.info.class_names[logits.argmax()]
    share = np.exp(logits).max() / np.exp(logits).sum()
    assert first.startswith(f"Roma: {likeliest} {share:.1%}, ") and first.count("%") == 3
    with pytest.raises(ValueError, match=r"`inputs` must be texts of at least one character. Received: ''"):
        predict.main(folder, [""])


def test_a_country_is_answered_in_chinese_where_the_run_has_the_names(tmp_path, capsys):
    places = data.load("places", limit=10)
    model = rnn((24,), 20, units=(4,), vocab_size=len(places.info.vocabulary))
    chinese = [country_names.CHINESE[name] for name in places.info.class_names]
    with_names = saved(tmp_path / "with", model, "text", places, class_names_zh=chinese)
    for language in ("en", "zh"):
        predict.main(with_names, ["Roma"], language=language)
    english, translated = capsys.readouterr().out.splitlines()
    for name, translation in country_names.CHINESE.items():
        english = english.replace(name, translation)
    assert english == translated and len(set(chinese)) == 20
    without = saved(tmp_path / "without", model, "text", places)
    with pytest.raises(ValueError) as error:
        predict.main(without, ["Roma"], language="zh")
    assert str(error.value) == (
        "`language` must be 'en' for a run whose classes have no Chinese names. "
        f"Received: language='zh', run_folder={without!r}"
    )


def test_a_question_of_recall_is_answered_and_another_form_refused(tmp_path, capsys):
    recall = data.load("recall", limit=10)
    model = rnn((21,), 10, units=(4,), vocab_size=len(recall.info.vocabulary))
    folder = saved(tmp_path / "run", model, "recall", recall, pairs=(4, 20))
    text = texts.decoded(recall.test, recall.info)[0]
    predict.main(folder, [text])
    logits = model.predict(recall.test.x[:1], verbose=0)[0]
    share = np.exp(logits).max() / np.exp(logits).sum()
    assert capsys.readouterr().out.startswith(f"{text}: {logits.argmax()} {share:.1%}, ")
    many = " ".join(f"{letter}1" for letter in "abcdefghijklmnopqrstu")
    for text in ("", "a4 f7 c1 f?", f"{many} a?", "a4 f7 c1 d1 b?", "a4 a7 c1 d1 a?", "a4 f7 c1 d1", "4a 7f 1c 1d f?"):
        with pytest.raises(ValueError) as error:
            predict.main(folder, [text])
        assert str(error.value) == (
            "`inputs` must be 4 to 20 pairs of a letter and a digit, all letters different, and one of the "
            f"letters with a question mark, such as 'a4 f7 c1 d1 f?'. Received: {text!r}"
        )


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


def test_top_k_leaves_the_likeliest_tokens(tmp_path, capsys):
    text = data.load("shakespeare", limit=4)
    model = transformer_language_model(len(text.info.vocabulary), 16, embed_dim=8, num_heads=1, num_layers=1)
    folder = saved(tmp_path / "run", model, "prompt", text)
    for options in ({"temperature": 0}, {"top_k": 1, "temperature": 5.0}, {"temperature": 5.0}):
        predict.main(folder, ["To be"], num_tokens=20, seed=1, **options)
    out = capsys.readouterr().out
    assert out[:26] == out[26:52] != out[52:]


def test_characters_that_the_vocabulary_lacks_are_named(tmp_path, capsys):
    places = data.load("places", limit=10)
    model = rnn((24,), 20, units=(4,), vocab_size=len(places.info.vocabulary))
    folder = saved(tmp_path / "run", model, "text", places)
    predict.main(folder, ["Þþ\N{SNOWMAN}ana", "ana", "a" * 25])
    first, second, third = capsys.readouterr().out.splitlines()
    assert third.endswith("% (only the first 24 characters count)")
    assert first.endswith(" (not in the vocabulary: 'Þ', 'þ', '\N{SNOWMAN}')") and second.endswith("%")


def test_a_series_is_in_the_units_of_the_data_and_its_end_counts(tmp_path, capsys):
    sunspots = data.load("sunspots")
    last = keras.Sequential([keras.Input((36, 1)), keras.layers.Cropping1D((35, 0)), keras.layers.Flatten()])
    folder = saved(tmp_path / "sunspots", last, "sequence", sunspots, is_series=True, exact=True)
    predict.main(folder, [",".join(["10"] * 35 + ["80"])])
    assert capsys.readouterr().out.endswith(": sunspots 80\n")
    predict.main(folder, [",".join(["123.4567"] * 35 + ["80"])])  # Too long for the name of a file.
    assert capsys.readouterr().out.endswith(": sunspots 80\n")
    path = tmp_path / "months.csv"
    path.write_text("sunspots\n" + "7\n" * 60 + "80\n")
    predict.main(folder, [str(path)])
    assert capsys.readouterr().out == f"{path}: sunspots 80\n"
    for given, message in (
        ("1,2", "`inputs` must be 36 x 1 numbers with commas between them. Received: '1,2'"),
        ("a,b", "`inputs` must be numbers, or CSV files with rows of numbers with commas between them. Received"),
        ("1,nan", "`inputs` must be numbers, or CSV files with rows of numbers with commas between them. Received"),
        ("none.csv", "`inputs` must be numbers or CSV files that exist. Received: 'none.csv', which is missing"),
    ):
        with pytest.raises(ValueError) as error:
            predict.main(folder, [given])
        assert str(error.value).startswith(message)


def test_a_table_is_one_answer_a_row_and_says_what_lies_outside_the_training_set(tmp_path, capsys):
    mpg = data.load("auto_mpg")
    folder = saved(tmp_path / "mpg", linear_regression((7,)), "numbers", mpg)
    predict.main(folder, ["8,307,130,3504,12,70,1"])
    assert capsys.readouterr().out == "8,307,130,3504,12,70,1: mpg 0\n"
    predict.main(folder, ["8,307,130,1e9,12,70,1"])
    heaviest = mpg.train.x[:, 3].max()
    assert capsys.readouterr().out.endswith(
        f": mpg 0 (outside what the model was trained on: weight 1e+09, trained on 1613 to {heaviest:g})\n"
    )
    a_little_more = heaviest + 0.09 * (heaviest - 1613)
    predict.main(folder, [f"8,307,130,{a_little_more},12,70,1"])
    assert capsys.readouterr().out.endswith(": mpg 0\n")
    path = tmp_path / "cars.csv"
    path.write_text(",".join(mpg.info.feature_names) + "\n8,307,130,3504,12,70,1\n4,97,88,2130,14.5,70,3\n")
    predict.main(folder, [str(path)])
    assert capsys.readouterr().out == f"{path}, row 1: mpg 0\n{path}, row 2: mpg 0\n"
    order = "cylinders, displacement, horsepower, weight, acceleration, year, origin"
    with pytest.raises(ValueError) as error:
        predict.main(folder, ["8", "307", "130", "3504", "12", "70", "1"])
    assert str(error.value) == (
        f"`inputs` must be 7 numbers with commas between them, in this order: {order}. Received: '8'"
    )

    one = saved(
        tmp_path / "one", linear_regression((1,)), "numbers", mpg, x=mpg.train.x[:, 3:4], feature_names=["weight"]
    )
    predict.main(one, ["3504", "60"])
    first, second = capsys.readouterr().out.splitlines()
    assert first == "3504: mpg 0" and "trained on: weight 60, trained on 1613 to" in second


def test_a_sequence_may_be_shorter_where_the_model_allows_it(tmp_path, capsys):
    vowels = data.load("vowels", limit=10)
    folder = saved(tmp_path / "vowels", rnn((29, 12), 9, units=(4,)), "sequence", vowels, is_series=False, exact=False)
    np.savetxt(
        tmp_path / "frames.csv", np.zeros((7, 12)), delimiter=", ", footer="\n", comments="", encoding="utf-8-sig"
    )
    np.savetxt(tmp_path / "long.csv", np.ones((30, 12)), delimiter=",")
    predict.main(folder, [str(tmp_path / "frames.csv")])
    assert "csv: speaker " in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"`inputs` must be 29 x 12 numbers at the most with commas between them"):
        predict.main(folder, [str(tmp_path / "long.csv")])


def test_a_row_is_an_anomaly_where_its_score_reaches_the_threshold(tmp_path, capsys):
    shuttle = data.load("shuttle", limit=50)
    zero = keras.Sequential([keras.Input((9,)), keras.layers.Rescaling(0.0)])  # Its score is the mean square.
    folder = saved(tmp_path / "run", zero, "anomaly", shuttle, threshold=1.0)
    mean, scale = np.array(shuttle.info.feature_mean), np.array(shuttle.info.feature_scale)
    path = tmp_path / "rows.csv"
    np.savetxt(path, [mean, mean + 2 * scale, mean + 0.5 * scale], delimiter=",")
    predict.main(folder, [str(path), ",".join(map(str, mean - 3 * scale))])
    rows = [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        "normal, score 1e-12 (threshold 1)",
        "anomaly, score 4 (threshold 1)",
        "normal, score 0.25 (threshold 1)",
        "anomaly, score 9 (threshold 1)",
    ]
    with pytest.raises(ValueError, match=r"`inputs` must be 9 numbers with commas between them. Received: '1,2'"):
        predict.main(folder, ["1,2"])


def test_a_reconstruction_is_drawn_beside_what_was_shown_and_overwrites_nothing(tmp_path, capsys):
    mnist = data.load("mnist", limit=10)
    black = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Rescaling(0.0, offset=-100.0)])
    folder = saved(tmp_path / "run", black, "reconstruction", mnist, margin=4)
    (tmp_path / "run" / "reconstruction_1.png").write_text("mine")
    picture = drawn(tmp_path / "one.png", (64, 64))
    predict.main(folder, [picture, picture])
    shown, _ = input_readers.digit(picture, predict.input_description(tmp_path / "run"))
    for number, line in zip((2, 3), capsys.readouterr().out.splitlines(), strict=True):
        path = tmp_path / "run" / f"reconstruction_{number}.png"
        assert line == f"{picture}: squared error {(shown**2).mean():.4f}, picture {path}"
        with Image.open(path) as saved_picture:
            assert saved_picture.size[0] > 50
    assert (tmp_path / "run" / "reconstruction_1.png").read_text() == "mine"


def test_the_help_says_what_each_argument_is(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["predict", "--help"])
    with pytest.raises(SystemExit):
        command_line.run_tool(predict.main, "recipes.predict")
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "RUN_FOLDER Folder of a finished run, such as runs/cnn_mnist/1" in words
    assert "INPUT... One or more inputs: picture files" in words and "(default: )" not in words


def test_it_answers_in_a_new_process_and_refuses_in_one_line(digits, tmp_path, monkeypatch, capsys):
    picture = drawn(tmp_path / "one.png", (64, 64))
    done = command("recipes.predict", str(digits), picture)
    assert done.returncode == 0 and f"{picture}: 1 " in done.stdout, done.stderr
    text, blank, row = tmp_path / "text.png", tmp_path / "blank.png", tmp_path / "row.png"
    text.write_text("no picture")
    Image.new("L", (20, 20), 255).save(blank)
    ones = [Image.open(drawn(tmp_path / f"{i}.png", (60, 90))) for i in range(5)]
    Image.fromarray(np.concatenate([np.asarray(one) for one in ones], axis=1)).save(row)
    without = tmp_path / "without"
    without.mkdir()
    (without / "metrics.json").write_text("{}")
    for arguments, message in (
        ([str(without), picture], "`run_folder` must be of a recipe that answers to an input; use the model.keras of"),
        (
            [str(tmp_path), picture],
            "`run_folder` must be the folder of a finished run, with model.keras and input.json",
        ),
        ([str(digits), str(text)], f"`inputs` must be picture files. Received: '{text}', which is no picture"),
        ([str(digits), "none.png"], "`inputs` must be picture files that exist. Received: 'none.png', which is missi"),
        ([str(digits), str(blank)], f"`inputs` must be pictures with a digit on them. Received: '{blank}', where none"),
        ([str(digits), str(row)], f"`inputs` must be pictures of one digit. Received: '{row}', with 5 separate shapes"),
    ):
        monkeypatch.setattr(sys, "argv", ["predict", *arguments])
        with pytest.raises(SystemExit) as stop:
            command_line.run_tool(predict.main, "recipes.predict")
        assert stop.value.code == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith(message)


def test_the_texts_of_ones_own_are_cut_by_position_and_bad_ones_named(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("abcdefghij" * 100)
    text = data.load_text(path, length=20)
    assert data.decode(text.train.x[0], text.info.vocabulary) == "abcdefghij" * 2
    assert data.decode(text.train.y[0], text.info.vocabulary) == "bcdefghija" * 2
    assert [len(part.x) for part in text[:3]] == [39, 4, 4]
    assert data.is_test_part(text.test.x) and not data.is_test_part(text.valid.x)
    with pytest.raises(ValueError, match=r"`path` must be a file that can be read. Received: path='/none' \(No such"):
        data.load_text("/none")
    path.write_text("")
    with pytest.raises(ValueError, match=r"`path` must be a text of at least 1290 characters, .* of 0 characters"):
        data.load_text(path)
    for content in (b"\xff\xfe\x00a" * 900, b"a\x00" * 900):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"`path` must be a text file in UTF-8"):
            data.load_text(path)


@pytest.mark.thorough
def test_a_model_of_ones_own_text_is_trained_samples_are_left_and_a_prompt_goes_on(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(baselines, "lstm_scores", lambda *_: {})  # The test of all recipes trains the baseline.
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
