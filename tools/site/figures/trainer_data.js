/* The points in the plane: given sets, the cars of Auto MPG, the reader's own; noise, scale, shuffled labels. */
(() => {
  "use strict";

  const { random, normals } = dlguide.widgets;
  const VALIDATION = 100;
  /** A set: class or value of an example, from a number in [0, 1) for its place, and a source of further ones. */
  const turn = (radius, angle, y) => ({ x: [radius * Math.cos(angle), radius * Math.sin(angle)], y });
  const SETS = {
    moons: (i, draw) => {
      const angle = Math.PI * draw(),
        sign = i % 2 ? 1 : -1;
      return { x: [sign * (0.35 - 0.7 * Math.cos(angle)), sign * (0.18 - 0.7 * Math.sin(angle))], y: i % 2 };
    },
    circles: (i, draw) => turn(i % 2 ? 0.3 : 0.85, 2 * Math.PI * draw(), i % 2),
    xor: (i, draw) => {
      const far = () => 0.08 + 0.85 * draw(),
        side = draw() < 0.5 ? 1 : -1;
      return { x: [side * far(), (i % 2 ? -side : side) * far()], y: i % 2 };
    },
    spiral: (i, draw) => {
      const way = 0.05 + 0.95 * draw();
      return turn(0.95 * way, 3.5 * Math.PI * way + (i % 2) * Math.PI, i % 2);
    },
    blobs: (i, draw) => {
      const [across, up] = normals(draw, 2),
        side = i % 2 ? 0.4 : -0.4;
      return { x: [side + 0.18 * across, side + 0.18 * up], y: i % 2 };
    },
    curve: (_, draw) => {
      const x = 2 * draw() - 1;
      return { x: [x], y: Math.sin(4 * x) + 0.5 * x };
    },
  };
  const isRegression = (name) => name === "curve" || name === "cars";

  /** Examples {x, y} of a set; the noise is in the inputs of classes, and in the values of a regression. */
  function examples({ data, noise }, count, draw) {
    if (data === "own") return [];
    if (data === "cars")
      return shuffled(dlguide.cars, draw).map(([weight, year, mpg]) => ({ x: [weight, year], y: mpg }));
    return Array.from({ length: count }, (_, i) => {
      const { x, y } = SETS[data](i, draw);
      const [first, second] = normals(draw, 2);
      if (data === "curve") return { x, y: y + noise * first };
      return { x: [x[0] + noise * first, x[1] + noise * second], y };
    });
  }

  function shuffled(list, draw) {
    const found = [...list];
    for (let i = found.length - 1; i > 0; i--) {
      const j = Math.floor((i + 1) * draw());
      [found[i], found[j]] = [found[j], found[i]];
    }
    return found;
  }

  const { mean } = dlguide.numbers;
  const deviation = (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))) || 1;

  /** Ranges of the picture: of the inputs, and of the value of a regression with one input. */
  const ranges = ({ data, scale }) =>
    data === "cars"
      ? [
          [1500 * scale, 5300 * scale],
          [69 * scale, 83 * scale],
        ]
      : [[-1.2 * scale, 1.2 * scale], data === "curve" ? [-2, 2] : [-1.2 * scale, 1.2 * scale]];

  /** The inputs of the network for a point of the plane: its two numbers, or these with their squares and product. */
  const plain = (x) => x;
  const squared = ([x1, x2]) => [x1, x2, x1 * x1, x2 * x2, x1 * x2];

  /** The data of some settings: `training` and `validation` as {points, x, y}, with numbers as the network gets them. */
  function prepare(settings, own) {
    const { data, points, scale, standardise, squares, shuffle, sample } = settings,
      draw = random(sample);
    const all = examples(settings, points + VALIDATION, draw).map(({ x, y }) => ({ x: x.map((v) => v * scale), y }));
    if (shuffle) {
      const values = shuffled(all, draw).map(({ y }) => y);
      all.forEach((each, i) => (each.y = values[i]));
    }
    const drawn = data === "own" ? 0 : points;
    const training = [...all.slice(0, drawn), ...(data === "cars" ? [] : own)];
    const inputsOf = squares && data !== "curve" ? squared : plain;
    const inputs = data === "curve" ? 1 : inputsOf([0, 0]).length;
    const columns = Array.from({ length: inputs }, (_, k) => training.map(({ x }) => inputsOf(x)[k]));
    const centre = columns.map((values) => (standardise && values.length ? mean(values) : 0));
    const spread = columns.map((values) => (standardise && values.length ? deviation(values) : 1));
    const targets = training.map(({ y }) => y),
      scaled = isRegression(data) && targets.length; // The targets of a regression are always standardised.
    const target = scaled ? { centre: mean(targets), spread: deviation(targets) } : { centre: 0, spread: 1 };
    const encode = (places) =>
      Float64Array.from(places.flatMap((place) => inputsOf(place).map((value, k) => (value - centre[k]) / spread[k])));
    const part = (list) => ({
      points: list,
      x: encode(list.map(({ x }) => x)),
      y: Float64Array.from(list, ({ y }) => (y - target.centre) / target.spread),
    });
    return {
      inputs,
      isRegression: isRegression(data),
      training: part(training),
      validation: part(all.slice(drawn, drawn + VALIDATION)),
      ranges: ranges(settings),
      target,
      encode,
    };
  }

  Object.assign(dlguide.trainer, { prepare, shuffled, mean });
})();
