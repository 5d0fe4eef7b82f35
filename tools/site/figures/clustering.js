/* k-means by steps: each point to its nearest centre, each centre to the mean of its points; the sum of squares falls. */
(() => {
  "use strict";

  const { random } = dlguide.widgets,
    { sum, mean, squaredDistance, along } = dlguide.numbers;
  const pairs = (text) => text.split(" ").map((pair) => pair.split(",").map(Number));
  const MIDDLES = pairs("2.5,5 7,8 7,4.2"),
    AROUND = 12; // So many points around each.
  const STARTS = { apart: pairs("1,2 9,9 2,9 9,2"), together: pairs("1,2 1,8 6,9 4,8") };
  const total = (points, centres, labels) => sum(points.map((point, i) => squaredDistance(point, centres[labels[i]])));

  const assigned = (points, centres) =>
    points.map((point) => {
      const distances = centres.map((centre) => squaredDistance(point, centre));
      return distances.indexOf(Math.min(...distances));
    });

  /** Each centre at the mean of its points; a centre without points stays. */
  const means = (points, labels, centres) =>
    centres.map((centre, j) => {
      const own = points.filter((_, i) => labels[i] === j);
      return own.length ? centre.map((_, axis) => mean(own.map((each) => each[axis]))) : centre;
    });

  /** So many steps of k-means, in turn "assign" and "move": the centres, the groups, the sum of squares after each. */
  function kmeans(points, centres, steps) {
    let labels = null;
    const sums = [];
    for (let step = 1; step <= steps; step++) {
      if (step % 2) labels = assigned(points, centres);
      else centres = means(points, labels, centres);
      sums.push(total(points, centres, labels));
    }
    return { centres, labels, sums };
  }

  /** The smallest sum of 20 starts at k random points each. */
  function bestSum(points, k) {
    const draw = random(1);
    const sums = Array.from({ length: 20 }, () => {
      const places = new Map(points.map((point) => [point, draw()]));
      const centres = points.toSorted((a, b) => places.get(a) - places.get(b)).slice(0, k);
      return kmeans(points, centres, 60).sums.at(-1);
    });
    return Math.min(...sums);
  }

  dlguide.figure("clustering", (figure) => {
    const { button, fixed, normals, isShortcut } = dlguide.widgets,
      { say } = figure,
      COUNT = 20;
    const given = MIDDLES.flatMap((middle, i) => {
      const noise = normals(random(i + 1), 2 * AROUND);
      return Array.from({ length: AROUND }, (_, j) => middle.map((value, axis) => value + 0.8 * noise[2 * j + axis]));
    });
    const plane = dlguide.plot(say("plane"), { x: [0, 10], y: [0.5, 10.5], xTicks: [], yTicks: [], height: 300 });
    const about = { x: [0, COUNT], y: [0, 300], height: 300, xLabel: dlguide.say("figure_steps") };
    const curve = dlguide.plot(say("curve"), { ...about, yLabel: say("curve_label") });
    const start = figure.choice("start", Object.keys(STARTS));
    const number = figure.slider("number", { min: 2, max: 4, step: 1, value: 3 });
    const steps = figure.player(COUNT, 600);
    let points, centres, found, shown;
    figure.onReset(() => {
      [points, shown] = [given, null];
    });
    const add = (point) => ((points = [...points, point]), figure.draw());
    const handles = STARTS.apart.map((_, j) => {
      const move = (place) => {
        centres = found.centres.with(j, place); // The steps begin anew from here.
        steps.set(1); // Who belongs to it is seen while it moves.
        figure.draw();
      };
      const made = plane.handle(say("centre", { number: j + 1 }), move, [0.2, 0.2]);
      made.element.addEventListener("keydown", (event) => {
        if (event.key !== " " || isShortcut(event)) return;
        event.preventDefault();
        add(found.centres[j]);
      });
      return made;
    });
    const layer = handles[0].element.parentNode;
    plane.svg.style.cursor = "crosshair";
    plane.svg.onclick = (event) => event.target.closest(".plot-handle") || add(plane.at(event));
    const clear = button(say("clear"), () => ((points = []), figure.draw()));
    figure.arrange([plane, curve], steps, start, number, [clear]);

    return () => {
      const k = number.value,
        chosen = `${start.value} ${k}`;
      if (shown !== chosen) {
        centres = STARTS[start.value].slice(0, k);
        if (shown) steps.set(0);
        shown = chosen;
        const visible = handles.slice(0, k).map(({ element }) => element);
        if (layer.children.length !== k) layer.replaceChildren(...visible);
      }
      found = kmeans(points, centres, steps.value);
      const best = points.length < k ? null : bestSum(points, k);
      const at = (label) => (found.labels ? label + 1 : 0);
      plane.clear();
      points.forEach((point, i) => {
        const label = found.labels?.[i];
        if (found.labels) plane.line([point, found.centres[label]], at(label), "plot-thin");
        plane.dots([point], at(label), 4);
      });
      found.centres.forEach((centre, j) => {
        plane.dots([centre], j + 1, 10);
        handles[j].set(centre);
      });
      curve.axes([0, COUNT], [0, 1.1 * Math.max(1, kmeans(points, centres, 1).sums[0])]);
      curve.clear();
      if (best !== null) curve.curve(() => best, 0, "plot-dashed");
      curve.path(along(found.sums), 1);
      const now = found.sums.at(-1);
      let state = steps.value === 0 ? "none" : steps.value % 2 ? "assign" : "move";
      if (steps.value > 3 && now === found.sums.at(-3)) state = best !== null && now > 1.001 * best ? "local" : "end";
      const values = { count: steps.value, sum: fixed(now ?? 0, 1), best: fixed(best ?? 0, 1) };
      figure.tell(say(state, values), best !== null && say("best", values));
    };
  });
  dlguide.figures.clustering = { kmeans, bestSum };
})();
