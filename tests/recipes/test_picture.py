"""Photos of digits: what the reader makes of them, what it refuses, and how sure the model may be."""

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.special import softmax

from dlguide import data, perceptron
from recipes._lib import calibration, picture_reader
from recipes._lib.images import transfer
from recipes._lib.result import describe_input
from recipes._lib.runs import results

SHAPE, MARGIN = (28, 28, 1), 4


@pytest.fixture(scope="module")
def mnist():
    return data.load("mnist", limit=600)


def picture(pixels):
    return Image.fromarray((255 * np.clip(pixels, 0, 1)).round().astype("uint8")).convert("L")


def read(image):
    return picture_reader.digit_image(image, SHAPE, MARGIN, "a.png")


def distance(image, other):
    """Return the mean difference of two images, a pixel's shift set aside."""
    shifts = [np.roll(image, (down, right), axis=(0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(np.abs(shifted - other).mean() for shifted in shifts)


def test_digits_come_out_as_they_were(mnist):
    for x in mnist.test.x[:20]:
        big = picture(1 - x.squeeze()).resize((280, 280), Image.Resampling.BICUBIC)
        assert distance(read(big), x) < 0.07  # Another digit: 0.15.


def on_paper(ink, kind):
    """Return a picture of ink in the shade, with noise, or on paper with lines."""
    rows, columns = np.indices(ink.shape)
    paper = np.full(ink.shape, 0.9)
    if kind == "shade":
        paper = 0.3 + 0.6 * columns / ink.shape[1]
    if kind == "lines":
        paper = np.where(rows % 24 == 12, 0.75, paper)
    page = paper * (1 - 0.85 * ink)
    return page + (0.08 * np.random.default_rng(0).normal(size=ink.shape) if kind == "noise" else 0)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["clean", "shade", "noise", "lines"])
def test_a_digit_is_read_in_the_shade_with_noise_and_on_lines_and_a_blank_page_is_refused(kind, digits, mnist):
    model = keras.saving.load_model(digits / "model.keras", compile=False)
    x, y = (array[:40] for array in mnist.valid)
    sheets = [np.pad(np.kron(image.squeeze(), np.ones((6, 6))), [(60, 30), (20, 90)]) for image in x]
    images = np.stack([read(picture(on_paper(sheet, kind))) for sheet in sheets])
    clean, found = (model.predict(each, verbose=0).argmax(axis=1) == y for each in (x, images))
    assert found.mean() >= clean.mean() - 0.1
    with pytest.raises(ValueError, match=r"`inputs` must be pictures with a digit on them. Received: 'a.png', where"):
        read(picture(on_paper(np.zeros((200, 300)), kind)))


@pytest.mark.parametrize("count", [2, 5])
def test_several_digits_are_refused_and_counted(count, mnist):
    whole = [x for x, y in zip(*mnist.valid, strict=True) if y in (0, 2, 3, 6, 8)]
    for start in range(0, 20, count):
        row = [np.pad(image.squeeze(), [(0, 0), (0, 6)]) for image in whole[start : start + count]]
        ink = np.kron(np.pad(np.concatenate(row, axis=1), 8), np.ones((4, 4)))
        with pytest.raises(ValueError, match=rf"of one digit. Received: 'a.png', with {count} separate shapes on it"):
            read(picture(0.9 - 0.8 * ink))


@pytest.mark.parametrize("number", [0, 1, 4, 6, 14])
@pytest.mark.thorough
def test_a_digit_that_fills_its_picture_and_a_small_one_are_found(number, mnist):
    x = mnist.valid.x[number].squeeze()
    rows, columns = (np.flatnonzero(x.max(axis=axis) > 0.5) for axis in (1, 0))
    cut = x[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    large = np.kron(cut, np.ones((8, 8)))
    expected = read(picture(1 - np.pad(large, 80)))
    for ink in (large, np.pad(np.kron(cut, np.ones((4, 4))), [(300, 100), (100, 300)])):
        assert distance(read(picture(1 - ink)), expected) < 0.07


def test_a_picture_is_upright_as_its_camera_was_held_and_white_where_it_is_transparent(tmp_path):
    drawn, exif = Image.new("L", (300, 400), 255), Image.Exif()
    ImageDraw.Draw(drawn).line([(90, 80), (210, 80), (120, 320)], fill=0, width=20, joint="curve")  # A 7.
    exif[0x0112] = 6  # Orientation: to be turned by 90 degrees clockwise.
    turned = drawn.transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "turned.png", exif=exif)
    black, alpha = Image.new("L", drawn.size, 0), Image.eval(drawn, lambda value: 255 - value)
    Image.merge("LA", (black, alpha)).save(tmp_path / "transparent.png")  # Black all over without its transparency.
    for name in ("turned", "transparent"):
        image = read(picture_reader.grey_picture(str(tmp_path / f"{name}.png")))
        assert np.abs(image - read(drawn)).mean() < 0.01 < 0.1 < np.abs(image - read(turned)).mean()


def test_a_thing_keeps_its_grey_values_and_its_pieces():
    pixels = np.full((200, 200), 230.0)
    pixels[40:160, 30:90], pixels[40:160, 110:170] = 20, 125
    image = picture_reader.object_image(Image.fromarray(pixels.astype("uint8")), SHAPE, 0)[..., 0]
    assert image[14, 3] > 0.95 and 0.3 < image[14, 24] < 0.7 and image[14, 14] < 0.05
    with pytest.raises(ValueError, match=r"something on them. Received: 'a.png', which is blank"):
        picture_reader.object_image(Image.new("L", (50, 50), 200), SHAPE, 0, "a.png")


def test_the_temperature_makes_the_probabilities_as_right_as_they_say():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(4000, 5))
    y = np.array([rng.choice(5, p=p) for p in softmax(logits, axis=1)])
    for factor in (2.5, 0.5):
        assert calibration.temperature(factor * logits, y) == pytest.approx(factor, rel=0.1)


def test_a_run_is_calibrated_once_on_the_validation_images_of_its_own_classes(tmp_path, capsys):
    model, mnist = perceptron((28, 28, 1), 5), data.load("mnist", limit=300, seed=1)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weights.shape) for weights in model.get_weights()])
    model.save(tmp_path / "model.keras")
    new = transfer.splits_of_classes(mnist, range(5, 10))
    results.write_json(tmp_path / "input.json", describe_input("digit", new, margin=MARGIN))
    options = {"recipe": "recipes.transfer_mnist", "options": {"limit": 300, "seed": 1}}
    results.write_json(tmp_path / "options.json", options)
    found = calibration.calibrate(tmp_path)
    assert found == {"temperature": calibration.temperature(model.predict(new.valid.x, verbose=0), new.valid.y)}
    (tmp_path / "model.keras").unlink()
    assert calibration.calibrate(tmp_path) == found and capsys.readouterr().err.count("calibrating") == 1
