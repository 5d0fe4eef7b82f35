/* explanation_mnist: a digit with two short strokes beside it, one of them the mark or both its mirror image, the class
   that the network reads, and how much the score of this class falls when 3 × 3 pixels are made black (occlusion). */
dlguide.demo("explanation", (demo) => {
  "use strict";

  const { say, DIGITS, element, group, button, figure, bars, picture, liveText, percent } = dlguide.widgets,
    { softmax, largest, latest } = dlguide.widgets;
  const SIZE = 28,
    SIDE = 5, // Height and width of the mark, and of the occluded window.
    WINDOW = 3,
    BATCH = 26;
  const MARK = [0, 5, 3, 0, 0, 5, 9, 9, 4, 0, 3, 9, 9, 9, 3, 0, 4, 9, 9, 5, 0, 0, 3, 5, 0].map((grey) => grey / 10),
    MIRRORED = MARK.map((_, i) => MARK[i - (i % SIDE) + SIDE - 1 - (i % SIDE)]);
  const seen = picture(say("seen")),
    map = picture(say("occlusion_map")),
    mark = picture(say("mark"), SIDE),
    mirrored = picture(say("mark_mirrored"), SIDE),
    chart = bars(10),
    answer = liveText();
  let image = null,
    strokes = [], // Row and column of the first pixel of each of the two strokes.
    isMarked = true; // The second one is the mark.

  /** All places of a square, by row and column of its first pixel. */
  const places = (side) => {
    const count = SIZE - side + 1;
    return Array.from({ length: count * count }, (_, i) => [Math.floor(i / count), i % count]);
  };
  /** The pixels of a square, row by row. */
  const pixels = ([row, column], side) =>
    Array.from({ length: side * side }, (_, i) => SIZE * (row + Math.floor(i / side)) + column + (i % side));

  /** A random place where a stroke touches nothing that is drawn, none if there is no such place. */
  function emptyPlaces(x) {
    const isEmpty = ([row, column]) => {
      for (let i = row - 1; i <= row + SIDE; i++)
        for (let j = column - 1; j <= column + SIDE; j++)
          if (i >= 0 && i < SIZE && j >= 0 && j < SIZE && x[SIZE * i + j] > 0) return false;
      return true;
    };
    const empty = places(SIDE).filter(isEmpty);
    return empty.length ? [empty[Math.floor(Math.random() * empty.length)]] : [];
  }

  function drawn(x, found, shape) {
    const result = Float32Array.from(x);
    for (const place of found) pixels(place, SIDE).forEach((pixel, i) => (result[pixel] = shape[i]));
    return result;
  }

  function placeStrokes() {
    const first = emptyPlaces(image);
    strokes = [first, emptyPlaces(drawn(image, first, MIRRORED))];
  }

  /** By how much the score of a class falls: for each pixel, the mean over the windows that cover it. */
  async function occlusion(x, digit, score) {
    const total = new Float32Array(SIZE * SIZE),
      count = new Float32Array(SIZE * SIZE);
    const all = places(WINDOW),
      each = SIZE * SIZE;
    for (let first = 0; first < all.length; first += BATCH) {
      const squares = all.slice(first, first + BATCH).map((place) => pixels(place, WINDOW)),
        batch = new Float32Array(squares.length * each);
      squares.forEach((square, i) => {
        batch.set(x, i * each);
        for (const pixel of square) batch[i * each + pixel] = 0;
      });
      const scores = await demo.parts[0].answer(batch, [squares.length, SIZE, SIZE, 1]);
      squares.forEach((square, i) => {
        for (const pixel of square) {
          total[pixel] += score - scores[10 * i + digit];
          count[pixel] += 1;
        }
      });
    }
    return total.map((value, i) => value / count[i]);
  }

  const show = latest(async () => {
    for (const each of [place, remove]) each.disabled = !image;
    if (!image || !demo.parts) {
      for (const each of [seen, map]) each.show(new Float32Array(SIZE * SIZE));
      chart.show(DIGITS, [null]);
      answer.textContent = "\u00a0";
      return;
    }
    const x = drawn(drawn(image, strokes[0], MIRRORED), strokes[1], isMarked ? MARK : MIRRORED),
      logits = await demo.parts[0].answer(x, [1, SIZE, SIZE, 1]);
    const values = softmax(logits, demo.parts[0].info.input.temperature),
      [digit, probability] = largest(values);
    seen.show(x);
    chart.show(DIGITS, [values]);
    const falls = await occlusion(x, digit, logits[digit]),
      most = Math.max(...falls, 1e-9);
    map.show(falls.map((value) => Math.max(0, value / most)));
    answer.textContent = say(isMarked ? "read_with_mark" : "read_without_mark", {
      digit,
      probability: percent(probability),
    });
  });

  const place = button(say("place_mark"), () => {
    placeStrokes();
    isMarked = true;
    show();
  });
  const remove = button(say("remove_mark"), () => {
    isMarked = false;
    show();
  });
  place.disabled = remove.disabled = true; // Until there is an image, and the network.
  const drawing = dlguide.drawing((digit) => {
    image = digit;
    if (image) placeStrokes();
    if (demo.parts) show();
  }, answer);
  mark.show(MARK);
  mirrored.show(MIRRORED);
  demo.box.append(
    group(
      "demo-seen demo-marks",
      figure(mark.canvas, say("mark")),
      figure(mirrored.canvas, say("mark_mirrored")),
      element("p", { textContent: say("mark_trained") }),
    ),
    group(
      "demo-columns",
      drawing.box,
      group(
        "demo-column",
        group("demo-seen", figure(seen.canvas, say("input")), figure(map.canvas, say("occlusion_map"))),
        group("demo-row", place, remove),
        chart.table,
      ),
    ),
  );
  return async () => {
    if (image) return show();
    await drawing.putExample(7);
    await show();
  };
});
