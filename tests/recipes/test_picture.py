"""Photos of digits: what the reader makes of them, what it refuses, and how sure the model may be."""

import json

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.special import softmax

from dlguide import data, perceptron
from recipes._lib.images import transfer
from recipes._lib.photos import calibration, made_photos, picture_reader
from recipes._lib.result import describe_input
from recipes._lib.runs import results

SHAPE, MARGIN = (28, 28, 1), 4
CONDITIONS = made_photos.MILD | made_photos.HARD


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


@pytest.mark.thorough
def test_a_sample_of_the_photos_is_read_about_as_well_as_the_digits_themselves(digits, mnist):
    model = keras.saving.load_model(digits / "model.keras", compile=False)
    x, y = mnist.valid
    photos, again, other = (list(made_photos.photos(x, y, seed=seed, count=3)) for seed in (3, 3, 4))
    assert [photo.condition for photo in photos[::3]] == list(CONDITIONS)
    for photo, same, another in zip(photos, again, other, strict=True):
        assert photo.image.tobytes() == same.image.tobytes() != another.image.tobytes()
    images = [calibration.image_of(photo, SHAPE, MARGIN) for photo in photos]
    assert sum(image is None for image in images) <= 2
    answers = model.predict(np.stack([np.zeros(SHAPE) if i is None else i for i in images]), verbose=0).argmax(axis=1)
    right = np.array([i is not None and a == p.digit for i, a, p in zip(images, answers, photos, strict=True)])
    clean = np.mean(model.predict(x, verbose=0).argmax(axis=1) == y)
    for group, share in ((made_photos.MILD, 0.92), (made_photos.HARD, 0.85)):
        assert right[[photo.condition in group for photo in photos]].mean() >= share * clean, group


def test_digits_come_out_as_they_were(mnist):
    for x in mnist.test.x[:20]:
        big = picture(1 - x.squeeze()).resize((280, 280), Image.Resampling.BICUBIC)
        assert distance(read(big), x) < 0.07  # Another digit: 0.15.


@pytest.mark.parametrize("condition", ["clean", "shade", "noise", "lined paper", "squared paper", "shadow edge"])
@pytest.mark.thorough
def test_a_blank_page_holds_no_digit_whatever_the_light_and_the_paper(condition, mnist):
    rng = np.random.default_rng(1)
    ink = made_photos.ink_on_sheet(mnist.valid.x[0].squeeze(), rng, (0.4, 0.6))
    page = CONDITIONS[condition](ink, rng)
    if "paper" in condition:  # The lines' distance follows from the digit, which is painted over with paper.
        page = np.where(ink[..., None] > 0, np.median(page, axis=(0, 1)), page)
    else:
        page = CONDITIONS[condition](np.zeros_like(ink), rng)
    with pytest.raises(ValueError, match=r"`inputs` must be pictures with a digit on them. Received: 'a.png', where"):
        read(picture(page))


@pytest.mark.parametrize("count", [2, 5])
def test_several_digits_are_refused_and_counted(count, mnist):
    whole = [x for x, y in zip(*mnist.valid, strict=True) if y in (0, 2, 3, 6, 8)]
    for start in range(0, 20, count):
        row = [np.pad(image.squeeze(), [(0, 0), (0, 6)]) for image in whole[start : start + count]]
        ink = np.kron(np.pad(np.concatenate(row, axis=1), 8), np.ones((4, 4)))
        with pytest.raises(ValueError, match=rf"of one digit. Received: 'a.png', with {count} separate shapes on it"):
            read(picture(0.9 - 0.8 * ink))


def test_a_frame_a_table_and_lines_leave_no_trace(mnist):
    ink = made_photos.ink_on_sheet(mnist.valid.x[3].squeeze(), np.random.default_rng(0), (0.4, 0.6))
    alone = read(picture(0.9 - 0.8 * ink[..., None].repeat(3, axis=-1)))
    for condition in ("lined paper", "table edge", "frame", "squared paper", "shadow edge"):
        page = CONDITIONS[condition](ink, np.random.default_rng(4))
        assert distance(read(picture(page)), alone) < 0.03, condition


@pytest.mark.parametrize("number", [0, 1, 4, 6, 14])
@pytest.mark.thorough
def test_a_digit_that_fills_its_picture_and_a_tiny_one_are_found(number, mnist):
    x = mnist.valid.x[number].squeeze()
    rows, columns = (np.flatnonzero(x.max(axis=axis) > 0.5) for axis in (1, 0))
    cut = x[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    large = np.kron(cut, np.ones((8, 8)))
    expected = read(picture(1 - np.pad(large, 80)))
    for ink in (large, np.pad(np.kron(cut, np.ones((4, 4))), [(700, 200), (300, 700)])):
        assert distance(read(picture(1 - ink)), expected) < 0.03


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


def test_a_run_is_calibrated_once_on_the_validation_images_of_its_own_classes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(calibration, "PHOTOS", 1)
    model, mnist = perceptron((28, 28, 1), 5), data.load("mnist", limit=300, seed=1)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weights.shape) for weights in model.get_weights()])
    model.save(tmp_path / "model.keras")
    new = transfer.splits_of_classes(mnist, range(5, 10))
    results.write_json(tmp_path / "input.json", describe_input("digit", new, margin=MARGIN))
    options = {"recipe": "recipes.transfer_mnist", "options": {"limit": 300, "seed": 1}}
    results.write_json(tmp_path / "options.json", options)
    found = calibration.calibrate(tmp_path)
    assert found == {"temperature": calibration.image_temperature(model, "digit", new.valid, MARGIN)}
    (tmp_path / "model.keras").unlink()
    assert calibration.calibrate(tmp_path) == found and capsys.readouterr().err.count("calibrating") == 1


@pytest.mark.thorough
def test_a_run_keeps_the_temperature_of_photos_of_its_validation_digits(digits, monkeypatch):
    monkeypatch.setattr(calibration, "PHOTOS", 1)
    kept = json.loads((digits / "input.json").read_text())["temperature"]
    model = keras.saving.load_model(digits / "model.keras", compile=False)
    valid = data.load("mnist", limit=4000).valid
    assert kept == pytest.approx(calibration.image_temperature(model, "digit", valid, MARGIN), rel=1e-3)
    assert kept != pytest.approx(calibration.image_temperature(model, "image", valid, MARGIN), rel=1e-3)
