/* Two hidden units and one linear output: the sub-networks that dropout makes, their outputs, and the mean over steps. */
(() => {
  "use strict";

  const { sum, squaredDistance, along, short } = dlguide.numbers;
  const H = [2, 4],
    COUNT = 100,
    ALL = [true, true],
    WEIGHTS = { even: [1, 0.5], one: [2, 0] };
  const MASKS = [[false, false], [true, false], [false, true], ALL];

  /** The output with the units that are kept; what is kept is divided by 1 − p. */
  const output = ({ weights, rate }, mask) => sum(H.map((h, i) => (mask[i] ? (weights[i] * h) / (1 - rate) : 0)));

  /** The four sub-networks with their outputs and probabilities. */
  const subNetworks = (settings) =>
    MASKS.map((mask) => ({
      mask,
      output: output(settings, mask),
      probability: mask.reduce((product, on) => product * (on ? 1 - settings.rate : settings.rate), 1),
    }));

  const variance = ({ weights, rate }) => (rate / (1 - rate)) * sum(H.map((h, i) => (weights[i] * h) ** 2));

  /** The units that are on in each of 100 steps: a unit stays where its random number is at least p. */
  function masks({ rate, seed }) {
    const draw = dlguide.widgets.random(seed);
    return Array.from({ length: COUNT }, () => H.map(() => draw() >= rate));
  }

  /** The mean of the outputs up to each step. */
  function means(settings) {
    let total = 0;
    return masks(settings).map((mask, i) => {
      total += output(settings, mask);
      return total / (i + 1);
    });
  }

  dlguide.figure("dropout", (figure) => {
    const { button, bars, fixed } = dlguide.widgets,
      { say } = figure;
    const nothing = { xTicks: [], yTicks: [] };
    const network = dlguide.plot(say("network"), { x: [0, 3], y: [0, 2], ...nothing, yLabel: say("network_label") }),
      over = dlguide.plot(say("means"), {
        x: [0, COUNT],
        y: [0, 8],
        xLabel: dlguide.say("figure_steps"),
        yLabel: say("means_label"),
      });
    const two = (value) => fixed(value, 2);
    const rate = figure.slider("rate", { min: 0, max: 0.8, step: 0.05, value: 0.5, show: two });
    const weights = figure.choice("weights", Object.keys(WEIGHTS));
    const steps = figure.player(COUNT);
    let seed, on, at; // The units that work: those of the step, until the reader switches one; before it null, for all.
    figure.onReset(() => ([seed, at] = [2, null]));
    const flip = (i) => ((on = (on ?? ALL).with(i, !(on ?? ALL)[i])), figure.draw());
    const switches = H.map((_, i) => button("", () => flip(i)));
    const redraw = button(say("again"), () => ((seed += 1), (at = null), figure.draw()));
    const table = bars(MASKS.length, [say("probability"), say("share")]);
    table.table.style.setProperty("--demo-label", "6.5em");
    const places = [
      [0.8, 1.5],
      [0.8, 0.5],
    ];
    network.svg.onclick = (event) => {
      const [x, y] = network.at(event);
      const clicked = places.findIndex((place) => Math.hypot(place[0] - x, place[1] - y) < 0.35);
      if (clicked >= 0) flip(clicked);
    };
    figure.arrange([network, over, table.table], steps, [...switches, redraw], rate, weights);

    function drawNetwork(settings, mask) {
      network.clear();
      places.forEach((place, i) => {
        const series = mask[i] ? 1 : 0,
          more = mask[i] ? "" : "plot-dashed";
        network.dots([place], `${series} plot-line ${more}`, 28);
        network.text([place[0], place[1] - 0.05], `h${"₁₂"[i]} = ${H[i]}`);
        const factor = settings.rate ? `× ${short(1 / (1 - settings.rate))}` : "";
        network.text([0.25, place[1] - 0.05], mask[i] ? factor : say("off"), series);
        network.line(
          [
            [1.06, place[1]],
            [2.14, 1],
          ],
          series,
          more,
        );
        network.text([1.6, place[1] > 1 ? 1.4 : 0.45], `w${"₁₂"[i]} = ${short(settings.weights[i])}`, series);
        switches[i].textContent = say(mask[i] ? "switch_off" : "switch_on", { unit: `h${"₁₂"[i]}` });
      });
      network.dots([[2.4, 1]], "1 plot-line", 28);
      network.text([2.4, 0.95], short(output(settings, mask)), 1);
    }

    return () => {
      const settings = { rate: rate.value, weights: WEIGHTS[weights.value], seed },
        full = { ...settings, rate: 0 };
      const drawn = masks(settings).slice(0, steps.value),
        outputs = drawn.map((mask) => output(settings, mask)),
        averages = means(settings).slice(0, steps.value),
        whole = output(full, ALL),
        top = Math.max(1, 1.05 * output(settings, ALL));
      const now = [steps.value, settings.rate].join();
      if (at !== now) [at, on] = [now, drawn.at(-1) ?? null];
      drawNetwork(on ? settings : full, on ?? ALL);
      over.axes([0, COUNT], [-0.05 * top, top]);
      over.clear();
      over.curve(() => whole, 0, "plot-dashed");
      over.dots(along(outputs), 2, 2.5);
      over.line(along(averages), 1);
      const nets = subNetworks(settings),
        index = (mask) => mask[0] + 2 * mask[1];
      const shares = nets.map((_, k) => drawn.filter((mask) => index(mask) === k).length / drawn.length);
      const names = nets.map((each, k) => say(`net_${k}`, { output: short(each.output) }));
      table.show(names, [nets.map(({ probability }) => probability), drawn.length ? shares : null]);
      const values = {
        net: on && names[index(on)],
        count: steps.value,
        mean: two(averages.at(-1) ?? 0),
        whole: two(whole),
        variance: two(variance(settings)),
        found: two(squaredDistance(outputs, Array(steps.value).fill(whole)) / steps.value),
      };
      const has = steps.value > 0;
      figure.tell(
        say(on ? "now" : "before", values),
        has && say("means_answer", values),
        has && say("variances", values),
      );
    };
  });
  dlguide.figures.dropout = { subNetworks, variance, means };
})();
