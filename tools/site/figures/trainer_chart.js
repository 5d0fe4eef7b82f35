/* The losses by step: thin lines for the seeds, their mean, and the band of the prediction interval. */
(() => {
  "use strict";

  const { percent, fixed } = dlguide.widgets,
    { interval, mean, word } = dlguide.trainer;
  const TOPS = [0.2, 0.5, 1, 2, 5, 10];

  function chart() {
    const plot = dlguide.plot(word("chart"), { x: [0, 10], y: [0, 1], xLabel: word("steps"), yLabel: word("losses") });

    /** Means and intervals of a part's losses at every record; only as long as every seed has a finite loss. */
    function bands(runs, part) {
      const found = [];
      for (let i = 0; i < runs.length; i++) {
        const values = runs.values(part, "loss", i);
        if (!values.every(Number.isFinite)) break;
        found.push([i * runs.interval, interval(values)]);
      }
      return found;
    }

    function draw(runs) {
      plot.clear();
      if (!runs.runs.length) return;
      const parts = ["training", ...(runs.part === "validation" ? ["validation"] : [])];
      const found = Object.fromEntries(parts.map((part) => [part, bands(runs, part)]));
      const highest = Math.max(...Object.values(found).flatMap((band) => band.map(([, at]) => at.mean)));
      const top = TOPS.find((each) => each >= 1.05 * highest) ?? TOPS.at(-1),
        last = Math.max(10, (runs.length - 1) * runs.interval);
      plot.axes([0, last], [0, top]);
      const guess = runs.data.isRegression ? 1 : Math.LN2;
      const across = (from) => [
        [0, from],
        [last, from],
      ];
      if (guess < top) plot.line(across(guess), 0, "plot-thin plot-dashed");
      const band = found[runs.part];
      const edge = (name) => band.map(([step, at]) => [step, Math.max(0, Math.min(2 * top, at[name]))]);
      if (runs.runs.length > 1) plot.line([...edge("low"), ...edge("high").reverse()], 1, "trainer-band");
      for (const { records } of runs.runs) {
        const line = records.map((record, i) => [i * runs.interval, record[runs.part].loss]);
        if (runs.runs.length > 1) plot.line(line, 1, "plot-thin trainer-seed");
      }
      const centres = (part) => found[part].map(([step, at]) => [step, at.mean]);
      plot.line(centres("training"), 2, runs.part === "validation" ? "plot-dashed" : "");
      if (runs.part === "validation") plot.line(centres("validation"), 1, "trainer-mean");
      const name = word(runs.data.isRegression ? "guess_mean" : "guess_half");
      if (guess < top) plot.text([last, guess + 0.015 * top], name, 0, "end"); // Last: no line crosses it.
    }
    return { svg: plot.svg, draw };
  }

  const now = ({ steps, epochs }) => dlguide.say("trainer.now", { steps, epochs: Math.floor(epochs) });
  const number = (value) => (value < 1e4 ? fixed(value, 3) : value.toExponential(1)); // A loss that grows has no end.
  const isBroken = ({ failed }) => failed > 0;

  /** The mean loss of the seeds in a sentence, or how many failed. */
  function loss(runs) {
    const part = word(`part_${runs.part}`),
      count = runs.runs.length;
    if (isBroken(runs)) return dlguide.say("trainer.failed", { failed: runs.failed, count });
    return dlguide.say("trainer.loss", { part, mean: number(mean(runs.values(runs.part, "loss"))) });
  }

  /** What else the seeds say, in sentences: the interval of the loss, and the accuracy with its own. */
  function numbers(runs) {
    const count = runs.runs.length;
    if (isBroken(runs)) return [word("not_finite")];
    const between = (key, show, most) => {
      const { mean: centre, low, high } = interval(runs.values(runs.part, key));
      const values = { mean: show(centre), low: show(Math.max(0, low)), high: show(Math.min(most, high)), count };
      return dlguide.say(`trainer.${count > 1 ? "interval" : "single"}_${key}`, values);
    };
    const found = [between("loss", number, Number.POSITIVE_INFINITY)];
    return runs.data.isRegression ? found : [...found, between("accuracy", percent, 1)];
  }

  Object.assign(dlguide.trainer, { chart, now, loss, numbers });
})();
