/* Several seeds at once on the same data: a seed decides the first weights, the order of the batches, and dropout. */
(() => {
  "use strict";

  const { random } = dlguide.widgets,
    { Network, shuffled, mean } = dlguide.trainer;
  const RECORDS = 200;
  /** The factor of Student's distribution for 95 %, by the degrees of freedom 1 … 9. */
  const T = [12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216];

  /** Mean and 95 % prediction interval (one more seed) of values of the seeds: mean ± t · s · √(1 + 1/n). */
  function interval(values) {
    const centre = mean(values),
      count = values.length;
    if (count < 2) return { mean: centre, low: centre, high: centre };
    const s = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (count - 1));
    const half = T[count - 2] * s * Math.sqrt(1 + 1 / count);
    return { mean: centre, low: centre - half, high: centre + half };
  }

  class Run {
    constructor(seed, data, settings) {
      const draw = random(1000 + seed);
      for (let i = 0; i < 10; i++) draw();
      Object.assign(this, { data, batch: settings.batch, draw, order: [] });
      this.network = new Network(data.inputs, data.isRegression, settings, draw);
      this.records = []; // Of the steps 0, interval, 2 · interval …
    }

    /** The next batch: every training example once in each epoch. */
    next() {
      const { x, y } = this.data.training,
        { inputs } = this.data;
      if (!this.order.length) this.order = shuffled([...y.keys()], this.draw);
      const chosen = this.order.splice(0, this.batch);
      const batchX = new Float64Array(chosen.length * inputs);
      chosen.forEach((at, i) => {
        for (let k = 0; k < inputs; k++) batchX[i * inputs + k] = x[at * inputs + k];
      });
      return [batchX, Float64Array.from(chosen, (at) => y[at])];
    }

    record() {
      const { training, validation } = this.data;
      const scores = { training: this.network.scores(training.x, training.y) };
      if (validation.y.length) scores.validation = this.network.scores(validation.x, validation.y);
      this.records.push(scores);
    }
  }

  class Runs {
    constructor(data, settings) {
      const isLarge = settings.layers * settings.units ** 2 > 600; // Its scores cost more than a step.
      Object.assign(this, { data, steps: 0, interval: isLarge ? 4 : 1, turn: 0 });
      this.part = data.validation.y.length ? "validation" : "training"; // What the band shows.
      this.runs = data.training.y.length
        ? Array.from({ length: settings.seeds }, (_, i) => new Run(i + 1, data, settings))
        : [];
      for (const run of this.runs) run.record();
    }

    /** One step of the seed whose turn it is; true when all seeds have taken it. */
    advance() {
      const run = this.runs[this.turn];
      run.network.step(...run.next());
      if ((this.steps + 1) % this.interval === 0) run.record();
      this.turn = (this.turn + 1) % this.runs.length;
      if (this.turn) return false;
      this.steps++;
      if (run.records.length > RECORDS) {
        this.interval *= 2; // Every second record stays, so that the curve has no more points than it shows.
        for (const each of this.runs) each.records = each.records.filter((_, i) => i % 2 === 0);
      }
      return true;
    }

    /** A number of all seeds at a record (−1: the last that all have), such as ("validation", "loss"). */
    values(part, name, at = -1) {
      return this.runs.map(({ records }) => records.at(at === -1 ? this.length - 1 : at)[part]?.[name]);
    }

    get length() {
      return Math.min(...this.runs.map(({ records }) => records.length));
    }

    /** How many seeds have a loss that is no finite number. */
    get failed() {
      return this.values("training", "loss").filter((loss) => !Number.isFinite(loss)).length;
    }

    get epochs() {
      return this.steps / Math.ceil(this.data.training.y.length / this.runs[0].batch);
    }
  }

  Object.assign(dlguide.trainer, { Runs, interval });
})();
