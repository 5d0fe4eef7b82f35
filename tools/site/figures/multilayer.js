/* XOR: one neuron, and a network with two hidden units whose lines the reader moves; beside it the hidden layer's
   features, with the straight line that separates them, if there is one. */
(() => {
  "use strict";

  const { dot, minus, clamp, short } = dlguide.numbers;
  const INPUTS = [0, 1, 2, 3].map((i) => [i >> 1, i & 1]);
  const isOne = ([a, b]) => a !== b;
  const towards = (a, b, share) => minus(a, minus(a, b), share);

  /** The score of a point: weights and bias. It is positive for class 1. */
  const score = ([w1, w2, b], point) => dot([w1, w2], point) + b;
  const right = (neuron, points) => points.filter((each, i) => score(neuron, each) > 1e-9 === isOne(INPUTS[i])).length;

  /** The weights of a hidden unit with the score 0 on the line through two points; to its left the score grows by √2. */
  function unitOf([from, to]) {
    const [dx, dy] = minus(to, from),
      scale = Math.SQRT2 / Math.hypot(dx, dy);
    const w = [-dy * scale, dx * scale];
    return [...w, -dot(w, from)];
  }

  const features = (units, point) => units.map((unit) => Math.max(score(unit, point), 0));

  const nearest = (point, [from, to]) => {
    const way = minus(to, from),
      share = dot(minus(point, from), way) / dot(way, way) || 0;
    return towards(from, to, clamp(share, 0, 1));
  };

  /** The output neuron for the features of the four inputs: the line that keeps the greatest distance from both classes,
      with scores of ±0.5 at the nearest points. Null if no straight line separates them. */
  function separating(points) {
    const [ones, zeros] = [true, false].map((one) => points.filter((_, i) => isOne(INPUTS[i]) === one));
    const pairs = [
      ...ones.map((point) => [point, nearest(point, zeros)]),
      ...zeros.map((point) => [nearest(point, ones), point]),
    ].map((pair) => ({ pair, way: minus(...pair) }));
    const { pair, way } = pairs.reduce((best, each) =>
      dot(each.way, each.way) < dot(best.way, best.way) ? each : best,
    );
    const size = dot(way, way);
    if (size < 1e-6) return null;
    const w = way.map((value) => value / size),
      neuron = [...w, -dot(w, towards(...pair, 0.5))];
    return right(neuron, points) === 4 ? neuron : null;
  }

  /** A line through (x, y) and (y, x): x₁ + x₂ = 0 and x₁ + x₂ = 1, as in the diagram. */
  const mirrored = (x, y) => [
    [x, y],
    [y, x],
  ];
  const LINES = [mirrored(-0.4, 0.4), mirrored(0.3, 0.7)];

  dlguide.figure("multilayer", (figure) => {
    const { fixed } = dlguide.widgets,
      { say } = figure;
    const range = [-0.5, 1.5];
    const about = { x: range, y: range, width: 280, height: 280 };
    const plot = (key, xLabel, y) => dlguide.plot(say(key), { ...about, xLabel, yLabel: `${y} · ${say(key)}` });
    const single = plot("single", "x₁", "x₂"),
      inputs = plot("inputs", "x₁", "x₂"),
      hidden = plot("hidden", "h₁", "h₂");
    const show = (value) => fixed(value, 1);
    const alone = { w1: 1, w2: 1, b: -0.5 };
    const sliders = Object.entries(alone).map(([key, value]) =>
      figure.slider(key, { min: -2, max: 2, step: 0.1, value, show }),
    );
    let lines;
    figure.onReset(() => (lines = LINES));
    const handles = LINES.map((line, i) =>
      line.map((_, end) => {
        const move = (point) => {
          if (Math.hypot(...minus(point, lines[i][1 - end])) < 0.09) return; // No line goes through one point only.
          lines = lines.with(i, lines[i].with(end, point));
          figure.draw();
        };
        return inputs.handle(say("point", { line: i + 1, point: end + 1 }), move, [0.1, 0.1]);
      }),
    );
    figure.arrange([single, inputs, hidden], ...sliders);

    /** The plane in the colours of the classes that a neuron gives, and the inputs at their places. */
    function classes(plot, neuron, of, places, [low, high]) {
      plot.heat((...place) => (neuron ? (score(neuron, of(place)) > 0 ? 0.25 : -0.25) : 0), 100, 100);
      plot.clear();
      places.forEach((place, i) => {
        const one = isOne(INPUTS[i]),
          together = (_, j) => isOne(INPUTS[j]) === one && Math.hypot(...minus(places[j], place)) < 1e-6;
        const names = INPUTS.filter(together).map((input) => `(${input})`);
        if (neuron && score(neuron, of(place)) > 1e-9 !== one) names.push(say("wrong"));
        plot.dots([place], one ? 1 : 2, 7);
        plot.text([place[0], place[1] + (one ? -0.11 : 0.06) * (high - low)], names.join(" "), "text");
      });
    }
    /** The line on which the score of a neuron is 0. */
    function boundary(plot, [w1, w2, b], series, ...more) {
      const size = w1 ** 2 + w2 ** 2;
      const ends = [-9, 9].map((far) => [(-b * w1) / size - far * w2, (-b * w2) / size + far * w1]);
      if (size) plot.line(ends, series, ...more);
    }
    const formula = (neuron, names) =>
      [...names, ""]
        .map((name, i) => [short(neuron[i]), name])
        .filter(([number]) => number !== "0")
        .map(([number, name]) => (name ? number.replace(/^(−?)1$/, "$1") : number) + name)
        .join(" + ")
        .replaceAll("+ −", "− ") || "0";

    return () => {
      const neuron = sliders.map(({ value }) => value),
        units = lines.map(unitOf),
        points = INPUTS.map((point) => features(units, point)),
        output = separating(points),
        top = Math.max(2.4, ...points.flat().map((value) => value + 0.4));
      hidden.axes([-0.4, top], [-0.4, top]);
      classes(single, neuron, (place) => place, INPUTS, range);
      boundary(single, neuron, 0);
      classes(inputs, output, (place) => features(units, place), INPUTS, range);
      units.forEach((unit, i) => {
        const [x, y] = lines[i][0];
        boundary(inputs, unit, 3 + i, "plot-dashed");
        inputs.text([x + 0.06, y + 0.06], `h${"₁₂"[i]}`, 3 + i, "start");
      });
      classes(hidden, output, (place) => place, points, [-0.4, top]);
      if (output) boundary(hidden, output, 0);
      handles.forEach((ends, i) => ends.forEach(({ set }, end) => set(lines[i][end])));
      const [first, second] = units.map((unit) => formula(unit, ["x₁", "x₂"]));
      figure.tell(
        say("alone", { score: formula(neuron, ["x₁", "x₂"]), count: right(neuron, INPUTS) }),
        say("features", { first, second }),
        output ? say("separable", { score: formula(output, ["h₁", "h₂"]) }) : say("inseparable"),
      );
    };
  });
  dlguide.figures.multilayer = { INPUTS, right, unitOf, features, separating };
})();
