/* A filter of 3 × 3 weights slides over a picture that the reader draws: the nine products and their sum, the output. */
(() => {
  "use strict";

  const { sum, dot, clamp, short } = dlguide.numbers;
  const SIZE = 12,
    OUT = SIZE - 2;
  const PICTURE = ["", "", "......#", ".....##", "....#.#", "...#..#", "..#######", "......#", "......#", "......#"];
  const FILTERS = {
    vertical: [1, 0, -1, 1, 0, -1, 1, 0, -1],
    horizontal: [1, 1, 1, 0, 0, 0, -1, -1, -1],
    blur: Array(9).fill(1 / 9),
  };
  const drawn = () =>
    Array.from({ length: SIZE }, (_, row) =>
      Array.from({ length: SIZE }, (_, column) => +(PICTURE[row]?.[column] === "#")),
    );
  /** The nine pixels under the filter. */
  const patch = (image, row, column) => FILTERS.blur.map((_, i) => image[row + Math.floor(i / 3)][column + (i % 3)]);

  /** The output of a filter (nine weights, row by row) at each place where it lies within the image. */
  const convolve = (image, filter) =>
    image.slice(2).map((_, row) => image[0].slice(2).map((_, column) => dot(patch(image, row, column), filter)));

  /** An image that is moved by rows and columns; nothing comes in. */
  const shifted = (image, rows, columns) =>
    image.map((line, row) => line.map((_, column) => image[row - rows]?.[column - columns] ?? 0));

  dlguide.figure("convolution", (figure) => {
    const { element, group, named, button } = dlguide.widgets,
      { say } = figure;
    const plot = (key, size) =>
      dlguide.plot(say(key), {
        x: [0, size],
        y: [0, size],
        xTicks: [],
        yTicks: [],
        width: 260,
        height: 274,
        yLabel: say(key),
      });
    const input = plot("input", SIZE),
      output = plot("output", OUT);
    const added = (values) => values.map(short).join(" + ").replaceAll("+ −", "− ");
    let image, weights, row, column;
    figure.onReset(() => {
      [image, weights, row, column] = [drawn(), FILTERS.vertical, 7, 6];
    });

    const handle = output.handle(
      say("position"),
      ([x, y]) => {
        column = clamp(Math.floor(x), 0, OUT - 1);
        row = OUT - 1 - clamp(Math.floor(y), 0, OUT - 1);
        figure.draw();
      },
      [1, 1],
    );
    handle.element.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      image[row + 1][column + 1] = 1 - image[row + 1][column + 1];
      figure.draw();
    });
    let paint = null; // What the pointer puts down while it is pressed.
    const put = (event) => {
      const [x, y] = input.at(event).map(Math.floor),
        line = image[SIZE - 1 - y];
      if (line?.[x] === undefined || paint === null) return;
      paint ??= 1 - line[x];
      line[x] = paint;
      figure.draw();
    };
    input.svg.classList.add("figure-paper");
    input.svg.onpointerdown = (event) => {
      input.svg.setPointerCapture(event.pointerId);
      paint = undefined;
      put(event);
    };
    input.svg.onpointermove = put;
    input.svg.onpointerup = input.svg.onpointercancel = () => (paint = null);

    const shift = (sign, key, ...way) =>
      button(sign, () => ((image = shifted(image, ...way)), figure.draw()), say(key));
    const filter = figure.choice("filter", [...Object.keys(FILTERS), "own"]);
    const cells = FILTERS.blur.map((_, i) => {
      const pixel = element("span"),
        name = say("weight", { row: Math.floor(i / 3) + 1, column: (i % 3) + 1 });
      const weight = element("input", { type: "number", step: 0.5, "aria-label": name });
      weight.oninput = () => {
        weights = weights.with(i, weight.valueAsNumber || 0);
        filter.set("own");
        figure.draw();
      };
      return { pixel, weight, cell: element("label", { className: "figure-product" }, pixel, weight) };
    });
    const products = [
      element("span", { className: "demo-name", textContent: say("products") }),
      group("figure-products", ...cells.map(({ cell }) => cell)),
    ];
    const shifts = [shift("←", "left", 0, -1), shift("→", "right", 0, 1)];
    shifts.push(shift("↑", "up", -1, 0), shift("↓", "down", 1, 0));
    figure.arrange([input, output, products], filter, named(say("shift"), ...shifts));

    return () => {
      weights = FILTERS[filter.value] ?? weights;
      const found = convolve(image, weights),
        largest = Math.max(sum(weights.filter((w) => w > 0)), -sum(weights.filter((w) => w < 0))) || 1;
      input.heat((x, y) => image[SIZE - 1 - Math.floor(y)][Math.floor(x)], SIZE, SIZE);
      output.heat((x, y) => found[OUT - 1 - Math.floor(y)][Math.floor(x)] / largest, OUT, OUT);
      input.clear();
      input.rect([column, SIZE - row], [column + 3, SIZE - row - 3], "plot-window");
      output.clear();
      output.rect([column, OUT - row], [column + 1, OUT - row - 1], "plot-window");
      const pixels = patch(image, row, column),
        value = short(found[row][column]);
      handle.set([column + 0.5, OUT - row - 0.5], say("at", { row: row + 1, column: column + 1, value }));
      cells.forEach(({ pixel, weight }, i) => {
        pixel.textContent = `${pixels[i]} ×`;
        if (document.activeElement !== weight) weight.value = Number(weights[i].toFixed(2));
      });
      const parts = added(pixels.map((pixel, i) => pixel * weights[i]));
      figure.tell(say("answer", { row: row + 1, column: column + 1, sum: parts, value }));
    };
  });
  dlguide.figures.convolution = { convolve, shifted };
})();
