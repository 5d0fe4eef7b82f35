/* explanation_mnist: a digit with a small chessboard on it, the class that the network reads, and how much the score of
   this class falls when a window of 3 × 3 pixels is made black (occlusion). */
dlguide.demo("explanation", (demo) => {
  "use strict";

  const { say, element, group, button, bars, picture, liveText, percent, softmax, latest } = dlguide.widgets;
  const SIZE = 28,
    MARK = 5, // Height and width of the mark, and of the occluded window.
    WINDOW = 3,
    BATCH = 26;
  const labels = Array.from({ length: 10 }, (_, digit) => String(digit));
  const seen = picture(say("seen")),
    map = picture(say("occlusion_map")),
    chart = bars(10),
    answer = liveText();
  let image = null,
    mark = null; // Row and column of the mark's first pixel.

  /** All places of a square, by row and column of its first pixel. */
  const places = (side) => {
    const count = SIZE - side + 1;
    return Array.from({ length: count * count }, (_, i) => [Math.floor(i / count), i % count]);
  };
  /** The pixels of a square, row by row. */
  const pixels = ([row, column], side) =>
    Array.from({ length: side * side }, (_, i) => SIZE * (row + Math.floor(i / side)) + column + (i % side));

  /** A random place where the mark touches no stroke, null if there is none. */
  function emptyPlace() {
    const isEmpty = ([row, column]) => {
      for (let y = row - 1; y <= row + MARK; y++)
        for (let x = column - 1; x <= column + MARK; x++)
          if (y >= 0 && y < SIZE && x >= 0 && x < SIZE && image[SIZE * y + x] > 0) return false;
      return true;
    };
    const empty = places(MARK).filter(isEmpty);
    return empty.length ? empty[Math.floor(Math.random() * empty.length)] : null;
  }

  function marked() {
    const x = Float32Array.from(image);
    // Of 5 × 5 pixels in a row, every other one is white: a chessboard.
    if (mark) pixels(mark, MARK).forEach((pixel, i) => (x[pixel] = 1 - (i % 2)));
    return x;
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
      chart.show(labels, [null]);
      answer.textContent = "\u00a0";
      return;
    }
    const x = marked(),
      logits = await demo.parts[0].answer(x, [1, SIZE, SIZE, 1]);
    const values = softmax(logits, demo.parts[0].info.input.temperature),
      digit = values.indexOf(Math.max(...values));
    seen.show(x);
    chart.show(labels, [values]);
    const falls = await occlusion(x, digit, logits[digit]),
      most = Math.max(...falls, 1e-9);
    map.show(falls.map((value) => Math.max(0, value / most)));
    answer.textContent = say(mark ? "read_with_mark" : "read_without_mark", {
      digit,
      probability: percent(values[digit]),
    });
  });

  const place = button(say("place_mark"), () => {
    mark = emptyPlace();
    show();
  });
  const remove = button(say("remove_mark"), () => {
    mark = null;
    show();
  });
  place.disabled = remove.disabled = true; // Until there is an image, and the network.
  const drawing = dlguide.drawing((drawn) => {
    image = drawn;
    mark = drawn && mark && emptyPlace();
    if (demo.parts) show();
  });
  const figure = (canvas, text) => element("figure", {}, canvas, element("figcaption", { textContent: text }));
  demo.box.append(
    group(
      "demo-columns",
      drawing.box,
      group(
        "demo-column",
        group("demo-seen", figure(seen.canvas, say("input")), figure(map.canvas, say("occlusion_map"))),
        group("demo-row", place, remove),
        chart.table,
        answer,
      ),
    ),
  );
  return async () => {
    if (image) return show();
    await drawing.putExample(7);
    mark = emptyPlace();
    await show();
  };
});
