/* Four letters and a question: products of the query and the keys, their softmax, and the width of the vectors. */
(() => {
  "use strict";

  const { softmax, random, normals } = dlguide.widgets,
    { dot, combination, spaced } = dlguide.numbers;
  /** The letters that are read; each knows the letter before it, and its key says so. */
  const LETTERS = [
    { name: "h", after: "m", key: [-2, 0.4] },
    { name: "o", after: "k", key: [2, -1] },
    { name: "f", after: "e", key: [0.4, 2.2] },
    { name: "i", after: "f", key: [-1, -1.8] },
  ];
  const QUERIES = { e: [0, 2], m: [-2, 0.2], k: [1.8, -0.8], f: [-0.8, -2] };

  /** The attention weights of a query: the softmax of its products with the keys, divided by a number. */
  const attend = (query, keys, divisor) =>
    softmax(
      keys.map((key) => dot(query, key)),
      divisor,
    );

  /** What is read: the values, times their weights, added up. */
  const read = (weights, values) => combination(values, weights);

  /** The vectors with random entries behind their own (mean 0, variance 1), until they have so many. */
  const widened = (vectors, width) =>
    vectors.map((vector, i) => [...vector, ...normals(random(i + 1), width - vector.length)]);

  dlguide.figure("self_attention", (figure) => {
    const { button, fixed } = dlguide.widgets,
      { say } = figure,
      RANGE = [-3, 3];
    const plane = dlguide.plot(say("plane"), { x: RANGE, y: RANGE, height: 300, yLabel: say("plane_label") });
    const yTicks = [
      [2.2, "q · k"],
      [1.4, "÷ √d"],
      [0.6, say("weight")],
    ];
    const about = { x: [0.4, 5.6], y: [0.1, 6], xTicks: [], yTicks, height: 300 };
    const sequence = dlguide.plot(say("sequence"), { ...about, yLabel: say("sequence_label") });
    const asked = figure.choice("query", Object.keys(QUERIES));
    const power = figure.slider("width", { min: 1, max: 10, step: 1, value: 1, show: (v) => String(2 ** v) });
    const divide = figure.choice("divide", ["root", "one"]);
    let vectors, shown, order; // The four keys, and the query; the question that it belongs to; who stands where.
    figure.onReset(() => {
      [vectors, shown, order] = [LETTERS.map(({ key }) => key), null, [0, 1, 2, 3]];
    });
    const handles = [...LETTERS.map(({ name }) => say("key", { name })), say("own_query")].map((label, i) =>
      plane.handle(label, (place) => ((vectors = vectors.with(i, place)), figure.draw()), [0.2, 0.2]),
    );
    const rotate = () => ((order = [...order.slice(1), order[0]]), figure.draw());
    figure.arrange([plane, sequence], asked, [button(say("move"), rotate)], power, divide);

    return () => {
      if (shown !== asked.value) vectors = [...vectors.slice(0, 4), QUERIES[asked.value]];
      shown = asked.value;
      const width = 2 ** power.value,
        root = Math.sqrt(width),
        divisor = divide.value === "root" ? root : 1,
        question = `${asked.value}?`;
      const wide = widened(vectors, width),
        [query, keys] = [wide[4], wide.slice(0, 4)],
        weights = attend(query, keys, divisor);
      plane.contours((...place) => dot(vectors[4], place), [-9, -6, -3, 0, 3, 6, 9]);
      plane.clear();
      vectors.forEach((vector, i) => {
        const series = i === 4 ? 2 : 1,
          name = i === 4 ? question : LETTERS[i].name,
          side = vector[0] > 2 || (i === 4 && vector[0] > -2) ? -1 : 1;
        plane.line([[0, 0], vector], series).style.strokeWidth = i === 4 ? 3 : 0.5 + 9 * weights[i];
        plane.text(
          [vector[0] + side * 0.2, vector[1] + (vector[1] < 0 ? -0.45 : 0.15)],
          name,
          series,
          side > 0 ? "start" : "end",
        );
        handles[i].set(vector);
      });
      sequence.clear();
      sequence.text([5, 3.9], question, 2);
      order.forEach((i, place) => {
        const x = place + 1,
          { name, after } = LETTERS[i],
          product = dot(query, keys[i]);
        const arc = spaced(0, 1, 21).map((share) => [5 + share * (x - 5), 4.4 + (5 - x) * 1.5 * share * (1 - share)]);
        sequence.line(arc, 1).style.strokeWidth = 0.5 + 9 * weights[i];
        sequence.text([x, 3.9], name, 1);
        sequence.text([x, 3.2], say("after", { after }));
        const rows = [fixed(product, 1), divisor === 1 ? "" : fixed(product / root, 1), fixed(weights[i], 3)];
        rows.forEach((text, row) => sequence.text([x, [2.1, 1.3, 0.5][row]], text, row === 2 ? 1 : 0));
      });
      const parts = read(
        weights,
        [0, 1, 2, 3].map((j) => [0, 1, 2, 3].map((entry) => +(entry === j))),
      );
      const z = order.map((i) => `${fixed(parts[i], 3)} v(${LETTERS[i].name})`).join(" + ");
      const values = { question, z, extra: width - 2, root: fixed(root, 1) };
      figure.tell(say("read", values), width > 2 && say(divisor === 1 ? "large" : "divided", values));
    };
  });
  dlguide.figures.self_attention = { attend, read, widened };
})();
