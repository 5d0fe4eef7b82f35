/* One LSTM unit reads ten numbers, some of them marked: its gates and states, beside a simple cell with the same input. */
(() => {
  "use strict";

  const { combination, clamp, sigmoid, along } = dlguide.numbers;
  const NUMBERS = [0.4, 0.7, 0.9, 0.2, 0.5, 0.8, 0.1, 0.6, 0.3, 0.7],
    MARKED = [2, 5];
  /** What the gates do at a mark (columns i, f, g, o, as in Keras), and the biases of i and o. */
  const GATES = {
    add: { mark: [12, 0, 0, 12], bias: -6 },
    replace: { mark: [12, -12, 0, 12], bias: -6 },
    blind: { mark: [0, 0, 0, 0], bias: 0 },
  };

  /** The weights of the unit: the new content g reads the number, the gates read the mark, nothing reads h. */
  const weights = (gates, forget) => ({
    kernel: [[0, 0, 1, 0], GATES[gates].mark],
    recurrent: [0, 0, 0, 0],
    bias: [GATES[gates].bias, forget, 0, GATES[gates].bias],
  });

  const sums = ({ kernel, recurrent, bias }, x, h) => combination([...kernel, recurrent, bias], [...x, h, 1]);

  /** The gates and states of an LSTM with one unit after each input. */
  function lstm(settings, inputs) {
    let [c, h] = [0, 0];
    return inputs.map((x) => {
      const z = sums(settings, x, h),
        [i, f, , o] = z.map(sigmoid);
      c = f * c + i * Math.tanh(z[2]);
      h = o * Math.tanh(c);
      return { i, f, o, c, h };
    });
  }

  /** The same for the simple cell: its state after each input. */
  function simple(settings, inputs) {
    let h = 0;
    return inputs.map((x) => (h = Math.tanh(sums(settings, x, h)[0])));
  }

  /** How much of the state after one step is left after each later one: the product of the factors of the steps. */
  const left = (factors, first) => {
    let product = 1;
    return factors.slice(first).map((factor, i) => (product *= i ? factor : 1));
  };

  dlguide.figure("lstm", (figure) => {
    const { fixed, isShortcut } = dlguide.widgets,
      { say } = figure,
      COUNT = NUMBERS.length;
    const xTicks = NUMBERS.map((_, t) => [t + 1, String(t + 1)]);
    const plot = (key, y, yTicks) =>
      dlguide.plot(say(key), { x: [0.5, COUNT + 0.5], y, xTicks, yTicks, height: 170, yLabel: say(`${key}_label`) });
    const input = plot("input", [-0.35, 1.05], [[-0.2, say("mark")], ...[0, 0.5, 1].map((v) => [v, String(v)])]),
      gates = plot(
        "gates",
        [0, 3.1],
        [...["o", "i", "f"].entries()].map(([row, name]) => [row + 0.45, name]),
      ),
      states = plot("states", [-0.1, 2]),
      kept = plot("kept", [0, 1.05]);
    const kind = figure.choice("kind", Object.keys(GATES));
    const forget = figure.slider("forget", { min: -2, max: 6, step: 0.5, value: 6, show: (v) => fixed(v, 1) });
    const recurrent = figure.slider("recurrent", { min: 0, max: 1, step: 0.05, value: 0.9, show: (v) => fixed(v, 2) });
    let numbers, marks, now;
    figure.onReset(() => {
      [numbers, marks, now] = [NUMBERS, NUMBERS.map((_, t) => +MARKED.includes(t + 1)), 1];
    });
    const toggle = (t) => ((marks = marks.with(t, 1 - marks[t])), figure.draw());
    const put = ([x, y]) => {
      const t = clamp(Math.round(x), 1, COUNT) - 1,
        value = clamp(Math.round(10 * y) / 10, 0, 1);
      if (t === now) numbers = numbers.with(t, value);
      now = t;
      figure.draw();
    };
    const handle = input.handle(say("number"), put, [1, 0.1]);
    handle.element.addEventListener("keydown", (event) => {
      if (event.key !== " " || isShortcut(event)) return;
      event.preventDefault();
      toggle(now);
    });
    input.svg.style.cursor = "pointer";
    input.svg.onclick = (event) => {
      const [x, y] = input.at(event);
      if (event.target.closest(".plot-handle") || x < 0.5 || x >= COUNT + 0.5) return;
      now = Math.round(x) - 1;
      if (y < 0) toggle(now);
      else put([x, y]);
    };
    figure.arrange(
      [
        [input, gates],
        [states, kept],
      ],
      kind,
      forget,
      recurrent,
    );

    const bar = (into, t, from, to, series) => into.rect([t + 0.65, from], [t + 1.35, to], `plot-${series}`);
    const digits = (value) => (value > 0 && value < 0.0001 ? "<\u00a00.0001" : String(Number(value.toPrecision(2))));
    return () => {
      const inputs = numbers.map((number, t) => [number, marks[t]]),
        u = recurrent.value,
        first = Math.max(0, marks.indexOf(1));
      const unit = lstm(weights(kind.value, forget.value), inputs),
        cell = simple({ kernel: [[0.5], [0]], recurrent: [u], bias: [0] }, inputs);
      for (const each of [input, gates, states, kept]) each.clear();
      numbers.forEach((number, t) => {
        bar(input, t, 0, number, marks[t] ? 3 : 0);
        input.dots([[t + 1, -0.2]], marks[t] ? 3 : 0, marks[t] ? 6 : 2);
        ["o", "i", "f"].forEach((name, row) => bar(gates, t, row, row + 0.9 * unit[t][name], 1));
      });
      const words = { step: now + 1, value: fixed(numbers[now], 1) };
      handle.set([now + 1, numbers[now]], say(marks[now] ? "at_marked" : "at", words));
      const cells = unit.map(({ c }) => c);
      states.axes([0.5, COUNT + 0.5], [-0.1, Math.max(2, Math.ceil(Math.max(...cells)))]);
      states.line(along(unit.map(({ h }) => h)), 1, "plot-dashed");
      states.line(along(cell), 2);
      states.path(along(cells), 1);
      const factors = [unit.map(({ f }) => f), cell.map((h) => u * (1 - h ** 2)), cell.map(() => u)];
      const shares = factors.map((each) => left(each, first));
      shares.forEach((share, i) => {
        kept.line(along(share, first + 1), [1, 2, 0][i], i === 2 ? "plot-dashed" : "");
        if (i < 2) kept.dots(along(share, first + 1), i + 1);
      });
      const [share, faded, power] = shares.map((each) => digits(each.at(-1)));
      const rest = { first: first + 1, f: fixed(sigmoid(forget.value), 4), share, faded, power };
      const steps = [...String(COUNT - first - 1)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
      figure.tell(say("share", rest), say("faded", { ...rest, power_text: `u${steps.join("")}` }));
    };
  });
  dlguide.figures.lstm = { lstm, simple, left, weights };
})();
