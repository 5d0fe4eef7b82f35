/* A picture with axes for the figures, in SVG: it takes the colours of the page, prints, and grows with the column.

     const plot = dlguide.plot("what it shows", { x: [-1, 1], y: [0, 4], xLabel: "w", yLabel: "loss" });
     plot.clear();                                  // The marks, before drawing anew; ground and handles stay.
     plot.line([[0, 1], [1, 2]], 1);                // Series 1 … 4 have colours, 0 is grey; a third argument: more classes,
     plot.dots([[0, 1]], 2, 4);                     //   "plot-dashed", "plot-thin". Radius 4.
     plot.path([[0, 1], [1, 2]], 1);                // A line with a dot at each point.
     plot.curve((x) => x * x, 0);                   // y = f(x)
     plot.rect([0, 0], [1, 2], "plot-band");        // Two corners; or "plot-1" … "plot-4" for bars, "plot-window".
     plot.text([0.5, 2], "text", 1, "start");       // At a point; start, middle or end of the text.
     plot.heat((x, y) => 0.5, 60, 60);              // Behind: −1 orange … 0 nothing … 1 blue, in so many cells.
     plot.contours((x, y) => x * x + y * y, [1, 2]); // Behind: lines of equal values.
     plot.axes([-2, 2], [0, 1]);                    // Other ranges.
     const handle = plot.handle("what it moves", ([x, y]) => { … }, [0.1, 0.1]);  // A point that the reader moves by mouse,
     handle.set([0, 1], "x = 0");                   //   touch or arrow keys (steps 0.1); read aloud is the text, or (0, 1).
     plot.at(event)                                 // The [x, y] of a pointer's event on plot.svg.
   Settings: x, y: ranges; xLabel, yLabel; xTicks, yTicks: [[value, text], …] in place of round numbers; width, height:
   360 × 240 units, letters of 13. */
(() => {
  "use strict";

  const { fixed } = dlguide.widgets,
    { clamp, spaced } = dlguide.numbers;
  let number = 0;

  function svg(tag, attributes = {}, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /** About five round numbers in a range, with their texts. */
  function ticks([low, high]) {
    const rough = (high - low) / 4,
      power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((each) => each * power >= rough * 0.999);
    const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const first = Math.ceil(low / step - 1e-9),
      count = Math.floor(high / step + 1e-9) - first + 1;
    return Array.from({ length: count }, (_, i) => [(first + i) * step, fixed((first + i) * step, places)]);
  }

  dlguide.plot = (label, settings) => {
    const { width = 360, height = 240, xLabel = "", yLabel = "", xTicks, yTicks } = settings;
    const inner = { left: yTicks?.length === 0 ? 10 : 46, top: yLabel ? 24 : 10, right: width - 10 };
    inner.bottom = height - (xTicks?.length === 0 ? 10 : 26) - (xLabel ? 16 : 0);
    const layers = Object.fromEntries(["ground", "axes", "marks", "handles"].map((name) => [name, svg("g")]));
    const clip = `plot-clip-${++number}`;
    const area = { x: inner.left, y: inner.top, width: inner.right - inner.left, height: inner.bottom - inner.top };
    for (const name of ["ground", "marks"]) layers[name].setAttribute("clip-path", `url(#${clip})`);
    const root = svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, class: "plot", role: "img", "aria-label": label },
      svg("clipPath", { id: clip }, svg("rect", area)),
      ...Object.values(layers),
    );
    root.style.maxWidth = `${1.25 * width}px`;
    const image = svg("image", { ...area, preserveAspectRatio: "none", class: "plot-heat" });
    const contours = svg("path", { class: "plot-line plot-contour" });
    layers.ground.append(image, contours);
    let x = settings.x,
      y = settings.y;

    const near = (value) => clamp(value, -1e4, 1e4); // Far outside, but a number that SVG takes.
    const left = (value) => near(inner.left + ((value - x[0]) / (x[1] - x[0])) * area.width).toFixed(2);
    const top = (value) => near(inner.bottom - ((value - y[0]) / (y[1] - y[0])) * area.height).toFixed(2);
    const mark = (tag, attributes, ...children) => layers.marks.appendChild(svg(tag, attributes, ...children));
    const text = (at, words, anchor = "middle", className = "") =>
      svg("text", { x: at[0], y: at[1], "text-anchor": anchor, class: className }, words);

    function axes(newX, newY) {
      [x, y] = [newX, newY];
      layers.axes.replaceChildren(svg("rect", { ...area, class: "plot-frame" }));
      for (const [value, words] of xTicks ?? ticks(x)) {
        const half = 3.7 * words.length + 1; // Of the text's width: nothing goes past the edges of the picture.
        layers.axes.append(text([clamp(left(value), half, width - half), inner.bottom + 17], words));
      }
      for (const [value, words] of yTicks ?? ticks(y))
        layers.axes.append(text([inner.left - 6, Number(top(value)) + 4.5], words, "end"));
      layers.axes.append(text([(inner.left + inner.right) / 2, height - 6], xLabel, "middle", "plot-label"));
      layers.axes.append(text([inner.left, 15], yLabel, "start", "plot-label"));
    }
    axes(x, y);

    const plot = {
      svg: root,
      axes,
      clear: () => layers.marks.replaceChildren(),
      line: (points, series, more = "") => {
        const path = points.filter((point) => !point.some(Number.isNaN)).map(([a, b]) => `${left(a)},${top(b)}`);
        return mark("polyline", { points: path.join(" "), class: `plot-line plot-${series} ${more}` });
      },
      dots: (points, series, radius = 3) =>
        points.forEach(([a, b]) => mark("circle", { cx: left(a), cy: top(b), r: radius, class: `plot-${series}` })),
      path: (points, series) => {
        plot.line(points, series);
        plot.dots(points, series);
      },
      curve: (f, series, more) => {
        const points = spaced(...x, 121).map((place) => [place, f(place)]);
        plot.line(points, series, more);
      },
      rect: ([a, b], [c, d], className) => {
        const [x0, x1] = [left(a), left(c)].map(Number).sort((one, other) => one - other),
          [y0, y1] = [top(b), top(d)].map(Number).sort((one, other) => one - other);
        mark("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0, class: className });
      },
      text: ([a, b], words, series = 0, anchor = "middle") =>
        layers.marks.append(text([left(a), top(b)], words, anchor, `plot-text plot-${series}`)),
      heat: (f, columns, rows) => image.setAttribute("href", dlguide.fields.picture(f, x, y, columns, rows)),
      contours: (f, levels) => {
        const segments = dlguide.fields.contours(f, x, y, levels);
        const ends = segments.map(([from, to]) => `M${left(from[0])} ${top(from[1])}L${left(to[0])} ${top(to[1])}`);
        contours.setAttribute("d", ends.join(""));
      },
      at: (event) => {
        const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(root.getScreenCTM().inverse());
        const across = (place.x - inner.left) / area.width,
          up = (inner.bottom - place.y) / area.height;
        return [x[0] + across * (x[1] - x[0]), y[0] + up * (y[1] - y[0])];
      },
      handle: (name, move, step) => {
        root.setAttribute("role", "group"); // What is in an image cannot be reached.
        const about = { class: "plot-handle", tabindex: 0, role: "slider", "aria-label": name };
        const made = svg("g", about, svg("circle", { r: 18 }), svg("circle", { r: 6 }));
        let now = [x[0], y[0]];
        const to = (place) => move([x, y].map((range, axis) => clamp(place[axis], ...range)));
        made.onpointerdown = (event) => made.setPointerCapture(event.pointerId);
        made.onpointermove = (event) => made.hasPointerCapture(event.pointerId) && to(plot.at(event));
        made.onkeydown = (event) => {
          const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
          if (!way || dlguide.widgets.isShortcut(event)) return;
          event.preventDefault();
          to(now.map((value, axis) => value + way[axis] * step[axis]));
        };
        layers.handles.append(made);
        const set = (at, words = `(${at.map((value) => fixed(value, 1)).join(", ")})`) => {
          now = at;
          made.setAttribute("transform", `translate(${left(at[0])} ${top(at[1])})`);
          const values = {
            "aria-valuemin": x[0],
            "aria-valuemax": x[1],
            "aria-valuenow": at[0],
            "aria-valuetext": words,
          };
          for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
        };
        return { element: made, set };
      },
    };
    return plot;
  };
})();
