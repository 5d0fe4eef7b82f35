"""Photos of digits: what the reader makes of them, what it refuses, and how sure the model may be."""

import json

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.special import softmax

from dlguide import data
from recipes._lib.photos import calibration, made_photos, picture_reader

SHAPE, MARGIN = (28, 28, 1), 4


@pytest.fixture(scope="module")
def mnist():
    return data.load("mnist", limit=600)


def picture(pixels):
    return Image.fromarray((255 * np.clip(pixels, 0, 1)).round().astype("uint8")).convert("L")


def distance(image, other):
    """Return the mean difference of two images, a pixel's shift set aside."""
    shifts = [np.roll(image, (down, right), axis=(0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(np.abs(shifted - other).mean() for shifted in shifts)


def side_by_side(images, gap=6):
    """Return digits in a row, dark on light, four times as large."""
    columns = [np.pad(image.squeeze(), [(0, 0), (0, gap)]) for image in images]
    ink = np.kron(np.pad(np.concatenate(columns, axis=1), 8), np.ones((4, 4)))
    return picture(0.9 - 0.8 * ink)


@pytest.mark.thorough
def test_a_sample_of_the_photos_is_read_about_as_well_as_the_digits_themselves(digits, mnist):
    model = keras.saving.load_model(digits / "model.keras", compile=False)
    x, y = mnist.valid
    photos = list(made_photos.photos(x, y, seed=3, count=3))
    assert len(photos) == 3 * len(made_photos.MILD | made_photos.HARD) >= 40
    images = [calibration.image_of(photo, SHAPE, MARGIN) for photo in photos]
    answers = model.predict(np.stack([np.zeros(SHAPE) if i is None else i for i in images]), verbose=0).argmax(axis=1)
    right = np.array([i is not None and a == p.digit for i, a, p in zip(images, answers, photos, strict=True)])
    clean = np.mean(model.predict(x, verbose=0).argmax(axis=1) == y)
    for group, share in ((made_photos.MILD, 0.92), (made_photos.HARD, 0.85)):
        assert right[[photo.condition in group for photo in photos]].mean() >= share * clean, group
    assert sum(image is None for image in images) <= 2


@pytest.mark.thorough
def test_the_same_seed_makes_the_same_photos_of_every_condition(mnist):
    first, again, other = (list(made_photos.photos(*mnist.valid, seed=seed, count=1)) for seed in (5, 5, 6))
    assert [photo.condition for photo in first] == list(made_photos.MILD | made_photos.HARD)
    for photo, same, another in zip(first, again, other, strict=True):
        assert photo.image.tobytes() == same.image.tobytes() != another.image.tobytes()
        assert photo.digit == same.digit and min(photo.image.size) >= 200


def test_digits_come_out_as_they_were(mnist):
    for x in mnist.test.x[:40]:
        big = picture(1 - x.squeeze()).resize((280, 280), Image.Resampling.BICUBIC)
        assert distance(picture_reader.digit_image(big, SHAPE, MARGIN), x) < 0.07  # Another digit: 0.15.


@pytest.mark.parametrize("condition", ["clean", "shade", "noise", "lined paper", "squared paper", "shadow edge"])
@pytest.mark.thorough
def test_a_blank_page_holds_no_digit_whatever_the_light_and_the_paper(condition, mnist):
    rng = np.random.default_rng(1)
    ink = made_photos.ink_on_sheet(mnist.valid.x[0].squeeze(), rng, (0.4, 0.6))
    page = (made_photos.MILD | made_photos.HARD)[condition](ink, rng)
    if "paper" in condition:  # The lines' distance follows from the digit, which is painted over with paper.
        page = np.where(ink[..., None] > 0, np.median(page, axis=(0, 1)), page)
    else:
        page = (made_photos.MILD | made_photos.HARD)[condition](np.zeros_like(ink), rng)
    with pytest.raises(ValueError, match=r"`inputs` must be pictures with a digit on them. Received: 'a.png', where"):
        picture_reader.digit_image(picture(page), SHAPE, MARGIN, "a.png")


@pytest.mark.parametrize("count", [2, 5])
def test_several_digits_are_refused_and_counted(count, mnist):
    whole = [x for x, y in zip(*mnist.valid, strict=True) if y in (0, 2, 3, 6, 8)]
    for start in range(0, 20, count):
        with pytest.raises(ValueError, match=rf"of one digit. Received: 'a.png', with {count} separate shapes on it"):
            picture_reader.digit_image(side_by_side(whole[start : start + count]), SHAPE, MARGIN, "a.png")


def test_a_frame_a_table_and_lines_leave_no_trace(mnist):
    ink = made_photos.ink_on_sheet(mnist.valid.x[3].squeeze(), np.random.default_rng(0), (0.4, 0.6))
    alone = picture_reader.digit_image(picture(0.9 - 0.8 * ink[..., None].repeat(3, axis=-1)), SHAPE, MARGIN)
    for condition in ("lined paper", "table edge", "frame", "squared paper", "shadow edge"):
        rng = np.random.default_rng(4)
        page = (made_photos.MILD | made_photos.HARD)[condition](ink, rng)
        read = picture_reader.digit_image(picture(page), SHAPE, MARGIN)
        assert distance(read, alone) < 0.03, condition


@pytest.mark.parametrize("number", [0, 1, 4, 6, 14])
@pytest.mark.thorough
def test_a_digit_that_fills_its_picture_and_a_tiny_one_are_found(number, mnist):
    x = mnist.valid.x[number].squeeze()
    rows, columns = (np.flatnonzero(x.max(axis=axis) > 0.5) for axis in (1, 0))
    cut = x[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    filling = picture(1 - np.kron(cut, np.ones((8, 8))))
    tiny = picture(1 - np.pad(np.kron(cut, np.ones((4, 4))), [(700, 200), (300, 700)]))
    normal = picture(1 - np.pad(np.kron(cut, np.ones((8, 8))), 80))
    expected = picture_reader.digit_image(normal, SHAPE, MARGIN)
    for image in (filling, tiny):
        assert distance(picture_reader.digit_image(image, SHAPE, MARGIN), expected) < 0.03


def drawn_7(size=(300, 400)):
    image = Image.new("L", size, 255)
    points = [(0.3 * size[0], 0.2 * size[1]), (0.7 * size[0], 0.2 * size[1]), (0.4 * size[0], 0.8 * size[1])]
    ImageDraw.Draw(image).line(points, fill=0, width=20, joint="curve")
    return image


def test_a_picture_is_turned_as_its_camera_was_held(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: to be turned by 90 degrees clockwise.
    drawn_7().save(tmp_path / "upright.jpg")
    drawn_7().transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif)
    drawn_7().transpose(Image.Transpose.ROTATE_90).save(tmp_path / "lying.jpg")
    upright, turned, lying = (
        picture_reader.digit_image(picture_reader.grey_picture(str(tmp_path / f"{name}.jpg")), SHAPE, MARGIN)
        for name in ("upright", "turned", "lying")
    )
    assert np.abs(upright - turned).mean() < 0.01 < 0.1 < np.abs(upright - lying).mean()


def test_what_is_transparent_is_white(tmp_path):
    alpha = Image.eval(drawn_7(), lambda value: 255 - value)
    black = Image.new("L", alpha.size, 0)
    Image.merge("LA", (black, alpha)).save(tmp_path / "transparent.png")  # Black all over without its transparency.
    read = picture_reader.digit_image(picture_reader.grey_picture(str(tmp_path / "transparent.png")), SHAPE, MARGIN)
    assert np.abs(read - picture_reader.digit_image(drawn_7(), SHAPE, MARGIN)).mean() < 0.01


def test_a_thing_keeps_its_grey_values_and_its_pieces(tmp_path):
    pixels = np.full((200, 200), 230.0)
    pixels[40:160, 30:90], pixels[40:160, 110:170] = 20, 125
    image = Image.fromarray(pixels.astype("uint8"))
    read = picture_reader.object_image(image, SHAPE, 0)[..., 0]
    assert read[14, 3] > 0.95 and 0.3 < read[14, 24] < 0.7 and read[14, 14] < 0.05
    with pytest.raises(ValueError, match=r"something on them. Received: 'a.png', which is blank"):
        picture_reader.object_image(Image.new("L", (50, 50), 200), SHAPE, 0, "a.png")


def test_the_temperature_makes_the_probabilities_as_right_as_they_say():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(4000, 5))
    y = np.array([rng.choice(5, p=p) for p in softmax(logits, axis=1)])
    assert calibration.temperature(2.5 * logits, y) == pytest.approx(2.5, rel=0.1)
    assert calibration.temperature(0.5 * logits, y) == pytest.approx(0.5, rel=0.1)


@pytest.mark.thorough
def test_a_run_keeps_the_temperature_of_photos_of_its_validation_digits(digits, monkeypatch):
    monkeypatch.setattr(calibration, "PHOTOS", 1)
    kept = json.loads((digits / "input.json").read_text())["temperature"]
    model = keras.saving.load_model(digits / "model.keras", compile=False)
    splits = data.load("mnist", limit=4000)
    assert kept == pytest.approx(calibration.image_temperature(model, "digit", splits, MARGIN), rel=1e-3)
    assert kept != pytest.approx(calibration.image_temperature(model, "image", splits, MARGIN), rel=1e-3)


def test_the_temperature_does_not_look_at_the_test_set(mnist, monkeypatch):
    monkeypatch.setattr(calibration, "PHOTOS", 1)
    model = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(10)])
    without = mnist._replace(test=data.Part(None, None))
    assert 0.3 < calibration.image_temperature(model, "digit", without, MARGIN) < 3.1
