"""A saved run answers: `recipes predict` from the run folder alone."""

import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.special import softmax

from dlguide import data, encoder_decoder, generation, linear_regression, rnn, transformer_language_model
from recipes import transformer_shakespeare
from recipes._lib.baselines import lstms
from recipes._lib.commands import input_readers, predict
from recipes._lib.result import describe_input
from recipes._lib.runs import results, run_files
from recipes._lib.texts import token_ids, token_texts
from tests.helpers.commands import command


def drawn(path, width, height, *, ink=0, ground=255, shade=0.0):
    """Draw a 1: a thick upright stroke, right of the middle, on a ground that one side shades."""
    pixels = ground * np.linspace(1, 1 - shade, width) * np.ones((height, 1))
    image = Image.fromarray(pixels.astype("uint8"))
    stroke = [(0.6 * width, 0.2 * height), (0.5 * width, 0.8 * height)]
    ImageDraw.Draw(image).line(stroke, fill=ink, width=max(3, width // 12))
    image.save(path)
    return str(path)


@pytest.fixture
def saved(tmp_path):
    """A function that leaves a run folder with a model that knows nothing yet."""

    def leave(model, kind, splits, **more):
        (tmp_path / "run").mkdir(exist_ok=True)
        model.save(tmp_path / "run" / "model.keras")
        results.write_json(tmp_path / "run" / "input.json", describe_input(kind, splits, **more))
        return str(tmp_path / "run")

    return leave


@pytest.fixture
def answers(capsys):
    """A function that returns what is printed for some inputs."""

    def call(folder, *inputs, **options):
        predict.main(str(folder), inputs, **options)
        return capsys.readouterr().out

    return call


def check_refusals(folder, messages: dict[str, str], **options) -> None:
    for given, message in messages.items():
        with pytest.raises(ValueError) as error:
            predict.main(folder, (given,), **options)
        assert str(error.value).startswith(message)


def likeliest(model, x):
    """Return the likeliest class of the first example, and its probability."""
    probabilities = softmax(model.predict(x[:1], verbose=0)[0])
    return probabilities.argmax(), probabilities.max()


@pytest.mark.thorough
def test_a_drawn_digit_is_the_same_at_any_size_and_colour_and_an_unsure_model_says_so(digits, tmp_path, answers):
    paths = [
        drawn(tmp_path / "dark.png", 300, 400),
        drawn(tmp_path / "light.png", 90, 70, ink=255, ground=0),
        drawn(tmp_path / "photo.jpg", 1200, 900, ink=40, ground=220, shade=0.4),
    ]
    for path, line in zip(paths, answers(digits, *paths).splitlines(), strict=True):
        assert line.startswith(f"{path}: 1 ") and line.count("%") == 3
    shutil.copy(digits / "model.keras", tmp_path)
    description = json.loads((digits / "input.json").read_text())
    (tmp_path / "input.json").write_text(json.dumps({**description, "temperature": 1000.0}))
    assert answers(tmp_path, paths[0]).startswith(f"{paths[0]}: not sure: 1 10")


def test_a_question_of_recall_is_answered_and_another_form_refused(saved, answers):
    recall = data.load("recall", limit=10)
    model = rnn((21,), 10, units=(4,), vocab_size=len(recall.info.vocabulary))
    folder = saved(model, "recall", recall, pairs=(4, 20))
    text = token_texts.decoded(recall.test, recall.info)[0]
    best, share = likeliest(model, recall.test.x)
    assert answers(folder, text).startswith(f"{text}: {best} {share:.1%}, ")
    many = " ".join(f"{letter}1" for letter in "abcdefghijklmnopqrstu")
    bad = ("", "a4 f7 c1 f?", f"{many} a?", "a4 f7 c1 d1 b?", "a4 a7 c1 d1 a?", "a4 f7 c1 d1", "4a 7f 1c 1d f?")
    message = (
        "`inputs` must be 4 to 20 pairs of a letter and a digit, all letters different, and one of the "
        "letters with a question mark, such as 'a4 f7 c1 d1 f?'. Received: {!r}"
    )
    check_refusals(folder, {text: message.format(text) for text in bad})


@pytest.mark.thorough
def test_a_word_is_answered_with_its_sounds_in_small_or_capital_letters(saved, answers):
    words = data.load("pronunciations", limit=10)
    vocabularies = words.info.vocabulary, words.info.target_vocabulary
    model = encoder_decoder(*map(len, vocabularies), units=(4,), embed_dim=4)
    folder = saved(model, "word", words, target_vocabulary=vocabularies[1])
    small, capital, unknown, long = answers(folder, "tree", "TREE", "tree?", "a" * 35).splitlines()
    letters = token_ids.encode(["TREE"], vocabularies[0], 4)[0]
    sounds = generation.beam_search(model, letters, start=2, end=3, max_length=33)
    assert small == f"tree: {' '.join(vocabularies[1][i] for i in sounds if i > 3)}"
    assert capital.removeprefix("TREE") == small.removeprefix("tree")
    assert unknown.endswith(" (not in the vocabulary: '?')")
    assert long.endswith(" (only the first 34 characters count)")
    check_refusals(folder, {"": "`inputs` must be texts of at least one character. Received: ''"})


@pytest.mark.thorough
def test_a_prompt_is_continued_by_the_seed_and_by_the_likeliest_tokens(saved, answers):
    text = data.load("shakespeare", limit=4)
    model = transformer_language_model(len(text.info.vocabulary), 16, embed_dim=8, num_heads=1, num_layers=1)
    folder = saved(model, "prompt", text)
    first, again, other = (answers(folder, "To be", num_tokens=8, seed=seed) for seed in (0, 0, 1))
    assert first.startswith("To be") and len(first) == 14 and first == again != other
    options = ({"temperature": 0}, {"top_k": 1, "temperature": 5.0}, {"temperature": 5.0})
    likeliest, top_1, drawn = (answers(folder, "To be", num_tokens=8, seed=1, **more) for more in options)
    ids = token_ids.encode(["To be"], text.info.vocabulary, 5)[0]
    expected = token_ids.decode(generation.generate(model, ids, num_tokens=8, temperature=0), text.info.vocabulary)
    assert likeliest == top_1 == f"To be{expected}\n" != drawn
    message = "`temperature` must be a number of at least 0. Received: temperature=-1"
    check_refusals(folder, {"To be": message}, temperature=-1)


def test_a_series_is_in_the_units_of_the_data_and_its_end_counts(saved, answers, tmp_path):
    last = keras.Sequential([keras.Input((36, 1)), keras.layers.Cropping1D((35, 0)), keras.layers.Flatten()])
    folder = saved(last, "sequence", data.load("sunspots"), is_series=True, exact=True)
    path = tmp_path / "months.csv"
    path.write_text("sunspots\n" + "7\n" * 60 + "80\n")
    for given in (",".join(["123.4567"] * 35 + ["80"]), str(path)):  # The first is too long for a file's name.
        assert answers(folder, given) == f"{given}: sunspots 80\n"
    no_numbers = "`inputs` must be numbers, or CSV files with rows of numbers with commas between them. Received"
    path.write_bytes(b"\xff\xfe")
    check_refusals(folder, dict.fromkeys(("a,b", "1,nan", "1,2x", str(path)), no_numbers))
    missing = "`inputs` must be numbers or CSV files that exist. Received: 'none.csv', which is missing"
    short = "`inputs` must be 36 x 1 numbers with commas between them. Received: '1,2'"
    check_refusals(folder, {"1,2": short, "none.csv": missing})


def test_a_table_is_one_answer_a_row_and_says_what_lies_outside_the_training_set(saved, answers, tmp_path):
    mpg = data.load("auto_mpg")
    folder, heaviest = saved(linear_regression((7,)), "numbers", mpg), mpg.train.x[:, 3].max()
    assert answers(folder, "8,307,130,3504,12,70,1") == "8,307,130,3504,12,70,1: mpg 0\n"
    assert answers(folder, "8,307,130,1e9,12,70,1").endswith(
        f": mpg 0 (outside what the model was trained on: weight 1e+09, trained on 1613 to {heaviest:g})\n"
    )
    assert answers(folder, f"8,307,130,{heaviest + 0.09 * (heaviest - 1613)},12,70,1").endswith(": mpg 0\n")
    path = tmp_path / "cars.csv"
    path.write_text(",".join(mpg.info.feature_names) + "\n8,307,130,3504,12,70,1\n4,97,88,2130,14.5,70,3\n")
    assert answers(folder, str(path)) == f"{path}, row 1: mpg 0\n{path}, row 2: mpg 0\n"
    order = "cylinders, displacement, horsepower, weight, acceleration, year, origin"
    message = f"`inputs` must be 7 numbers with commas between them, in this order: {order}. Received: '8'"
    path.write_text("8,307\n8\n")
    ragged = "`inputs` must be numbers, or CSV files with rows of numbers with commas between them, in this order"
    check_refusals(folder, {"8": message, str(path): ragged})

    options = {"x": mpg.train.x[:, 3:4], "feature_names": ["weight"]}
    one = saved(linear_regression((1,)), "numbers", mpg, **options)
    first, second = answers(one, "3504", "60").splitlines()
    assert first == "3504: mpg 0" and "trained on: weight 60, trained on 1613 to" in second


def test_a_sequence_may_be_shorter_where_the_model_allows_it(saved, answers, tmp_path):
    options = {"is_series": False, "exact": False}
    folder = saved(rnn((29, 12), 9, units=(4,)), "sequence", data.load("vowels", limit=10), **options)
    short, long = str(tmp_path / "short.csv"), str(tmp_path / "long.csv")
    np.savetxt(short, np.zeros((7, 12)), delimiter=", ", footer="\n", comments="", encoding="utf-8-sig")
    np.savetxt(long, np.ones((30, 12)), delimiter=",")
    assert "csv: speaker " in answers(folder, short)
    check_refusals(folder, {long: "`inputs` must be 29 x 12 numbers at the most with commas between them"})


def test_a_row_is_an_anomaly_where_its_score_reaches_the_threshold(saved, answers, tmp_path):
    shuttle = data.load("shuttle", limit=50)
    zero = keras.Sequential([keras.Input((9,)), keras.layers.Rescaling(0.0)])  # Its score is the mean square.
    folder = saved(zero, "anomaly", shuttle, threshold=1.0)
    mean, scale = np.array(shuttle.info.feature_mean), np.array(shuttle.info.feature_scale)
    path = tmp_path / "rows.csv"
    np.savetxt(path, [mean, mean + 2 * scale, mean + 0.5 * scale], delimiter=",")
    lines = answers(folder, str(path), ",".join(map(str, mean - 3 * scale))).splitlines()
    rows = ("normal, score 1e-12", "anomaly, score 4", "normal, score 0.25", "anomaly, score 9")
    assert [line.split(": ")[1] for line in lines] == [f"{row} (threshold 1)" for row in rows]


def test_a_reconstruction_is_drawn_beside_its_input_and_overwrites_nothing(saved, answers, tmp_path):
    black = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Rescaling(0.0, offset=-100.0)])
    folder = saved(black, "reconstruction", data.load("mnist", limit=10), margin=4)
    mine = tmp_path / "run" / "predictions" / "reconstruction_1.png"
    mine.parent.mkdir()
    mine.write_text("mine")
    picture = drawn(tmp_path / "one.png", 64, 64)
    shown, _ = input_readers.picture(picture, json.loads((tmp_path / "run" / "input.json").read_text()))
    for number, line in zip((2, 3), answers(folder, picture, picture).splitlines(), strict=True):
        path = mine.with_name(f"reconstruction_{number}.png")
        assert line == f"{picture}: squared error {(shown**2).mean():.4f}, picture {path}"
        with Image.open(path) as saved_picture:
            assert saved_picture.size[0] > 50
    assert mine.read_text() == "mine"


@pytest.mark.thorough
def test_options_of_a_text_are_refused_where_no_text_is_continued(digits, tmp_path):
    with pytest.raises(ValueError, match="`top_k` must be left out: this run does not continue a text"):
        predict.main(str(digits), (drawn(tmp_path / "one.png", 64, 64),), top_k=3)


@pytest.mark.thorough
def test_it_answers_in_a_new_process_and_refuses_with_one_sentence(digits, tmp_path):
    picture = drawn(tmp_path / "one.png", 64, 64)
    done = command("recipes", "predict", str(digits), picture)
    assert done.returncode == 0 and f"{picture}: 1 " in done.stdout, done.stderr
    text, blank, row = tmp_path / "text.png", tmp_path / "blank.png", tmp_path / "row.png"
    text.write_text("no picture")
    Image.new("L", (20, 20), 255).save(blank)
    Image.fromarray(np.tile(Image.open(drawn(row, 60, 90)), 5)).save(row)
    messages = {
        str(text): f"`inputs` must be picture files. Received: '{text}', which is no picture",
        "none.png": "`inputs` must be picture files that exist. Received: 'none.png', which is missi",
        str(blank): f"`inputs` must be pictures with a digit on them. Received: '{blank}', where none",
        str(row): f"`inputs` must be pictures of one digit. Received: '{row}', with 5 separate shapes",
    }
    check_refusals(str(digits), messages)
    unfinished = "`run_dir` must be the folder of a finished run, with model.keras and input.json"
    check_refusals(str(tmp_path), {picture: unfinished})
    (tmp_path / "metrics.json").write_text("{}")
    other = "`run_dir` must be the folder of a run that answers to an input; use the model.keras of"
    check_refusals(str(tmp_path), {picture: other})


@pytest.mark.thorough(seconds=20)
def test_a_model_of_ones_own_text_is_trained_and_continues_a_prompt(tmp_path, answers, monkeypatch):
    monkeypatch.setattr(lstms, "lstm_scores", lambda *_: {})  # The test of all recipes trains the baseline.
    corpus, folder = tmp_path / "mine.txt", tmp_path / "run"
    corpus.write_text("to be, or not to be; " * 80, encoding="utf-8")
    result = transformer_shakespeare.main(corpus=str(corpus), epochs=1, run_dir=str(folder))
    run_files.save(result, folder, "transformer_shakespeare", {"corpus": str(corpus)})
    assert 0 < result.metrics["nats_per_character"] < 5
    assert (folder / "samples.txt").read_text(encoding="utf-8").count("--- temperature") == 4
    answer = answers(folder, "not to", num_tokens=5).splitlines()[-1]
    assert answer.startswith("not to") and len(answer) == 11 and set(answer) <= set("to be, or not to be; ")
