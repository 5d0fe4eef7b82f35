/* The canvas on which the reader draws a digit, by mouse, touch, pen or keyboard. */
(() => {
  "use strict";

  const { say, DIGITS, element, group, button, named, choice, liveText, isShortcut } = dlguide.widgets;
  const SIDE = 280,
    PENS = { thin: 10, medium: 20, thick: 34 },
    STEP = 7,
    MARGIN = 4; // Black pixels around the digits of the training set.

  /** A place to draw. `onchange` gets 28 × 28 numbers as the models read them, or null with nothing to read.
      `answer` stands directly below the paper, so that a phone shows both. */
  dlguide.drawing = (onchange, answer = "") => {
    const canvas = element("canvas", {
      className: "demo-paper",
      width: SIDE,
      height: SIDE,
      tabIndex: 0,
      role: "application",
      "aria-label": say("draw_here"),
    });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const note = liveText();
    note.classList.add("demo-note");
    note.textContent = say("draw_keys");
    let width = PENS.medium,
      pointer = null,
      cursor = [SIDE / 2, SIDE / 2],
      isDown = false,
      clean = null;

    const line = (from, to) => {
      context.lineWidth = width;
      context.lineCap = "round";
      context.strokeStyle = "black";
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
    };

    const blank = () => {
      context.fillStyle = "white";
      context.fillRect(0, 0, SIDE, SIDE);
    };

    /** Read what is on the paper. */
    const read = () => {
      const { data } = context.getImageData(0, 0, SIDE, SIDE);
      const grey = Float32Array.from({ length: SIDE * SIDE }, (_, i) => data[4 * i]);
      const image = dlguide.prepare(grey, SIDE, SIDE, MARGIN);
      const isImage = image instanceof Float32Array;
      note.textContent = isImage || image === null ? say("draw_keys") : say("several_shapes", { count: image });
      onchange(isImage ? image : null);
    };

    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top].map((at) => (at * SIDE) / box.width);
    };
    // Neither a second finger nor the right button draws.
    canvas.onpointerdown = (event) => {
      if (!event.isPrimary || event.button > 0) return;
      canvas.setPointerCapture(event.pointerId);
      pointer = place(event);
      line(pointer, pointer);
    };
    canvas.onpointermove = (event) => {
      if (!pointer || !event.isPrimary) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) {
        const next = place(each);
        line(pointer, next);
        pointer = next;
      }
    };
    canvas.onpointerup = canvas.onpointercancel = (event) => {
      if (!pointer || !event.isPrimary) return;
      pointer = null;
      read();
    };

    // The keyboard's pen is drawn over the paper, and the paper put back before anything else happens.
    const hideCursor = () => {
      if (clean) context.putImageData(clean, 0, 0);
      clean = null;
    };
    const showCursor = () => {
      hideCursor();
      clean = context.getImageData(0, 0, SIDE, SIDE);
      context.lineWidth = 3;
      context.strokeStyle = isDown ? "#d6336c" : "#1c7ed6";
      context.beginPath();
      context.arc(...cursor, width / 2 + 3, 0, 2 * Math.PI);
      context.stroke();
    };
    const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    canvas.onkeydown = (event) => {
      const move = MOVES[event.key];
      if (isShortcut(event)) return;
      if (!move && event.key !== " " && event.key !== "Delete") return;
      event.preventDefault();
      hideCursor();
      if (event.key === "Delete") return clear();
      const before = cursor;
      if (move) cursor = cursor.map((at, i) => Math.min(SIDE - 10, Math.max(10, at + STEP * move[i])));
      else isDown = !isDown;
      if (isDown) line(before, cursor);
      if (!move && !isDown) read();
      if (!move) note.textContent = say(isDown ? "pen_down" : "pen_up");
      showCursor();
    };
    canvas.onblur = () => {
      hideCursor();
      if (isDown) read();
      isDown = false;
    };
    canvas.addEventListener("pointerdown", hideCursor, { capture: true });

    const clear = () => {
      clean = null;
      isDown = false;
      blank();
      read();
    };

    /** Put a digit of the test set on the paper. The models get its own pixels, not those of the enlarged picture. */
    const putExample = async (digit) => {
      const image = (await dlguide.examples())[digit],
        scale = SIDE / 28;
      const grey = context.createImageData(28, 28);
      image.forEach((value, i) => grey.data.set([...Array(3).fill(255 * (1 - value)), 255], 4 * i));
      const small = element("canvas", { width: 28, height: 28 });
      small.getContext("2d").putImageData(grey, 0, 0);
      clean = null;
      blank();
      context.drawImage(small, 0, 0, 28 * scale, 28 * scale);
      note.textContent = say("example_shown", { digit });
      onchange(image);
    };

    blank();
    const pens = choice(
      say("pen"),
      Object.keys(PENS).map((pen) => [PENS[pen], say(pen)]),
      width,
      (chosen) => (width = chosen),
    );
    const tools = group("demo-row", pens, button(say("clear"), clear));
    const digits = named(
      say("examples"),
      ...DIGITS.map((digit) => button(digit, () => putExample(digit), say("example_of", { digit }))),
    );
    digits.classList.add("demo-digits");
    return { box: group("demo-drawing", canvas, answer, tools, note, digits), putExample, clear };
  };

  /** The ten test images as 28 × 28 numbers in [0, 1]. */
  dlguide.examples = async () => {
    const bytes = await dlguide.bytes(dlguide.exampleDigits);
    return DIGITS.map((_, digit) =>
      Float32Array.from(bytes.subarray(784 * digit, 784 * (digit + 1)), (value) => value / 255),
    );
  };
})();
