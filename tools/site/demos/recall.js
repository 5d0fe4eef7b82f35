/* transformer_recall: pairs and a question; the digit that belongs to the letter, and where the attention looks. */
dlguide.demo("recall", (demo) => {
  "use strict";

  const { say, DIGITS, group, element, button, choice, labelled, textField, boxes, bars, liveText, percent } =
      dlguide.widgets,
    { softmax, largest, latest, encoded } = dlguide.widgets;
  const input = textField("input", { type: "text", value: "a4 f7 c1 d1 f?" });
  const chart = bars(10),
    answer = liveText(),
    symbols = group("");
  const HEADS = ["mean", 1, 2, 3, 4];
  let chosen = "mean";

  /** Whether the words are pairs of different letters, and a question for one of them. */
  function isQuestion(words, [least, most]) {
    const pairs = words.slice(0, -1),
      letters = pairs.map(([letter]) => letter),
      asked = words.at(-1) ?? "";
    const hasForm = pairs.every((word) => /^[a-z][0-9]$/.test(word)) && /^[a-z]\?$/.test(asked);
    const isCounted = pairs.length >= least && pairs.length <= most;
    return hasForm && isCounted && new Set(letters).size === letters.length && letters.includes(asked[0]);
  }

  /** How much the question looks at each word: one head, or the mean over the heads. */
  function attentionOf({ data, shape }, count) {
    const length = shape.at(-1),
      heads = data.length / (length * length),
      row = count - 1,
      mean = new Float32Array(count);
    const weightOf = (head, i) => data[(head * length + row) * length + i];
    if (chosen !== "mean") return mean.map((_, i) => weightOf(chosen - 1, i));
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < count; i++) mean[i] += weightOf(head, i) / heads;
    }
    return mean;
  }

  function showWords(words, attention) {
    const row = boxes(words.map((word, i) => [word, attention ? percent(attention[i]) : ""]));
    [...row.children].forEach((cell, i) => {
      const share = Math.round(50 * (attention ? attention[i] : 0));
      cell.style.background = `color-mix(in srgb, var(--demo-heat) ${share}%, transparent)`;
    });
    symbols.replaceChildren(row);
  }

  const show = latest(async () => {
    if (!demo.parts) return;
    const [part] = demo.parts,
      {
        vocabulary,
        shape: [length],
        pairs: [least, most],
      } = part.info.input;
    const words = input.value.trim().split(/\s+/);
    if (!isQuestion(words, [least, most])) {
      answer.textContent = say("recall_wrong", { least, most });
      chart.show(DIGITS, [null]);
      showWords([]);
      return;
    }
    const outputs = await part.run({
      input_0: { data: encoded(words, vocabulary, length), shape: [1, length] },
    });
    const values = softmax(outputs.output_0.data),
      [digit, best] = largest(values);
    chart.show(DIGITS, [values]);
    answer.textContent = say("recall_answer", {
      letter: words.at(-1)[0],
      digit,
      probability: percent(best),
    });
    showWords(words, outputs.output_1 && attentionOf(outputs.output_1, words.length));
  });

  const another = button(say("another"), () => {
    const letters = Array.from("abcdefghijklmnopqrstuvwxyz")
      .sort(() => Math.random() - 0.5)
      .slice(0, 4 + Math.floor(9 * Math.random()));
    const asked = letters[Math.floor(letters.length * Math.random())];
    input.value = [...letters.map((letter) => letter + Math.floor(10 * Math.random())), `${asked}?`].join(" ");
    show();
  });
  input.oninput = show;
  demo.box.append(
    group(
      "demo-stack",
      labelled(say("recall_input"), input),
      group("demo-row", another),
      answer,
      chart.table,
      element("p", { textContent: say("attention_row") }),
      choice(
        say("attention_heads"),
        HEADS.map((head) => [head, head === "mean" ? say("attention_mean") : String(head)]),
        chosen,
        (head) => ((chosen = head), show()),
      ),
      symbols,
    ),
  );
  return show;
});
