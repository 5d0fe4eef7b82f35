/* The reader draws a digit, and networks read it; shifts show what a convolution is for. */
dlguide.demo("digits", (demo) => {
  "use strict";

  const { say, group, button, named, bars, picture, liveText, percent, fixed, softmax, largest, latest } =
    dlguide.widgets;
  const names = demo.models.map((model) => say(model));
  const seen = picture(say("seen")),
    chart = bars(10, names),
    answer = liveText();
  let image = null,
    labels = [],
    shift = [0, 0];

  /** The image with its digit moved by whole pixels; what leaves it on one side is lost. */
  const shifted = () =>
    Float32Array.from(image, (_, i) => {
      const x = (i % 28) - shift[0],
        y = Math.floor(i / 28) - shift[1];
      return x >= 0 && x < 28 && y >= 0 && y < 28 ? image[28 * y + x] : 0;
    });

  const show = latest(async () => {
    where.textContent = say("shifted", { right: fixed(shift[0], 0), down: fixed(shift[1], 0) });
    if (!image || !demo.parts) {
      seen.show(new Float32Array(784));
      chart.show(
        labels,
        names.map(() => null),
      );
      answer.textContent = "\u00a0";
      return;
    }
    const x = shifted(),
      all = [];
    for (const part of demo.parts) {
      all.push(softmax(await part.answer(x, [1, 28, 28, 1]), part.info.input.temperature));
    }
    seen.show(x);
    chart.show(labels, all);
    answer.textContent = all
      .map((values, i) => {
        const [place, best] = largest(values);
        return say("digit_answer", { name: names[i], digit: labels[place], probability: percent(best) });
      })
      .join(say("semicolon"));
  });

  const move = (right, down) => () => {
    shift = [shift[0] + right, shift[1] + down].map((by) => Math.min(14, Math.max(-14, by)));
    show();
  };
  const where = liveText();
  const arrows = named(
    say("shift"),
    button("←", move(-1, 0), say("shift_left")),
    button("→", move(1, 0), say("shift_right")),
    button("↑", move(0, -1), say("shift_up")),
    button("↓", move(0, 1), say("shift_down")),
    button(say("shift_none"), () => {
      shift = [0, 0];
      show();
    }),
  );

  const drawing = dlguide.drawing((drawn) => {
    image = drawn;
    if (demo.parts) show();
  }, answer);
  const view = group("demo-seen", seen.canvas, group("", arrows, where));
  demo.box.append(group("demo-columns", drawing.box, group("demo-column", view, chart.table)));
  show();
  return () => {
    labels = demo.parts[0].info.input.class_names;
    [...chart.table.tBodies[0].rows].forEach((row, i) => (row.hidden = i >= labels.length));
    return image || demo.div.dataset.start ? show() : drawing.putExample(7); // Not onto what the reader begins to draw.
  };
});
