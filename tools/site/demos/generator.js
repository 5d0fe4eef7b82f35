/* gan_mnist: new digits from random codes. The generator knows no classes: a classifier picks out those asked for. */
dlguide.demo("generator", (demo) => {
  "use strict";

  const { say, DIGITS, element, group, button, labelled, seedField, picture, liveText } = dlguide.widgets,
    { softmax, largest, random, normals, latest } = dlguide.widgets;
  const SHOWN = 10,
    BATCH = 20,
    MOST = 600,
    SURE = 0.9;
  const pictures = Array.from({ length: SHOWN }, (_, i) => picture(say("new_digit", { number: i + 1 })));
  const digits = DIGITS.map((digit) => element("option", { value: digit, textContent: digit }));
  const wanted = element("select", {}, element("option", { value: "", textContent: say("any_digit") }), ...digits);
  const seed = seedField(() => draw()),
    answer = liveText();

  /** The digits that the classifier sees in images, and its probabilities. */
  async function classesOf(images, count) {
    const classifier = demo.parts.find(({ name }) => name === "cnn_mnist");
    const data = await classifier.answer(images, [count, 28, 28, 1]);
    return Array.from({ length: count }, (_, i) => {
      return largest(softmax(data.slice(10 * i, 10 * (i + 1)), classifier.info.input.temperature));
    });
  }

  const draw = latest(async () => {
    if (!demo.parts) return;
    const chosen = wanted.value, // The reader may choose another one meanwhile.
      generator = demo.parts.find(({ name }) => name.startsWith("gan")),
      numbers = random(seed.value()),
      found = [];
    const length = generator.inputs[0].shape[1];
    let made = 0;
    while (found.length < SHOWN && made < MOST) {
      const data = await generator.answer(normals(numbers, BATCH * length), [BATCH, length]);
      const classes = await classesOf(data, BATCH);
      for (let i = 0; i < BATCH && found.length < SHOWN; i++, made++) {
        const [digit, probability] = classes[i],
          isWanted = digit === Number(chosen) && probability >= SURE;
        if (chosen === "" || isWanted) found.push([data.slice(784 * i, 784 * (i + 1)), digit]);
      }
    }
    pictures.forEach(({ show }, i) => {
      const [image, seen] = found[i] ?? [new Float32Array(784), "–"];
      show(image, say("new_digit_seen", { number: i + 1, digit: seen }));
    });
    const read = found.map(([, digit]) => digit).join(say("comma"));
    answer.textContent = say(chosen === "" ? "drawn_any" : "drawn_class", {
      made,
      read,
      digit: chosen,
      count: found.length,
    });
  });

  wanted.onchange = draw;
  demo.box.append(
    group(
      "demo-stack",
      labelled(say("class"), wanted),
      seed.field,
      group("demo-row", button(say("draw_new"), seed.next)),
      group("demo-grid", ...pictures.map(({ canvas }) => canvas)),
      answer,
    ),
  );
  return draw;
});
