/* selfplay_connect4: the reader plays against the network, which judges the positions at the end of its short search.
   A board is 42 numbers, top row first: 1 and 2 are the stones of the two players. */
dlguide.demo("connect4", (demo) => {
  "use strict";

  const { say, element, group, button, choice, liveText, percent, isShortcut, onTheme } = dlguide.widgets;
  const [ROWS, COLUMNS] = [6, 7],
    CELLS = ROWS * COLUMNS,
    COLOURS = { 1: "#ff7f0e", 2: "#1f77b4" },
    SOONER = 0.99, // As in `game_players.py`: of two wins, the sooner one is worth more.
    CELL = 60,
    HEAD = 46; // Pixels of a cell, and above the board.
  const columns = [...Array(COLUMNS).keys()];

  /** The cell that a stone in a column falls into, -1 if there is none. */
  const landing = (board, column) => {
    for (let row = ROWS - 1; row >= 0; row--) if (!board[COLUMNS * row + column]) return COLUMNS * row + column;
    return -1;
  };

  /** The cells of a line of four through a cell; none if there is no such line. */
  function line(board, cell) {
    const [row, column] = [Math.floor(cell / COLUMNS), cell % COLUMNS];
    for (const [down, right] of [
      [1, 0],
      [0, 1],
      [1, 1],
      [1, -1],
    ]) {
      const found = [cell];
      for (const sign of [1, -1])
        for (let i = 1; i < 4; i++) {
          const [y, x] = [row + sign * i * down, column + sign * i * right];
          const isInside = y >= 0 && y < ROWS && x >= 0 && x < COLUMNS;
          if (!isInside || board[COLUMNS * y + x] !== board[cell]) break;
          found.push(COLUMNS * y + x);
        }
      if (found.length >= 4) return found;
    }
    return [];
  }

  const isFull = (board) => columns.every((column) => board[column]);
  const placed = (board, cell, player) => board.map((stone, i) => (i === cell ? player : stone));

  /** The value of each move to `player`, in [-1, 1], null where there is no room: a search of `depth` moves with the
      network's value of the positions at its end, in one call. */
  async function moveValues(board, player, depth) {
    const leaves = [],
      root = tree(board, player, depth);

    function tree(board, player, depth) {
      return columns.map((column) => {
        const cell = landing(board, column);
        if (cell < 0) return null;
        const after = placed(board, cell, player);
        if (line(after, cell).length) return () => 1;
        if (isFull(after)) return () => 0;
        if (depth > 1) {
          const replies = tree(after, 3 - player, depth - 1);
          return () => -SOONER * best(replies);
        }
        const number = leaves.push([after, 3 - player]) - 1;
        return (values) => -SOONER * values[number];
      });
    }
    let values = [];
    const best = (moves) => Math.max(...moves.map((move) => (move ? move(values) : -Infinity)));

    if (leaves.length) {
      const input = new Float32Array(leaves.length * CELLS * 2);
      leaves.forEach(([board, player], i) =>
        board.forEach((stone, cell) => {
          if (stone) input[2 * (CELLS * i + cell) + (stone === player ? 0 : 1)] = 1;
        }),
      );
      const logits = await demo.parts[0].answer(input, [leaves.length, ROWS, COLUMNS, 2]);
      values = Array.from(logits, (logit) => Math.tanh(logit / 2));
    }
    return root.map((move) => (move ? move(values) : null));
  }

  const canvas = element("canvas", {
    width: COLUMNS * CELL,
    height: HEAD + ROWS * CELL,
    className: "demo-board",
    tabIndex: 0,
    role: "application",
    "aria-label": say("connect4_board"),
  });
  const answer = liveText(),
    sides = element("p", { className: "demo-row" });
  let moves = [], // The cells in their order.
    chosen = 3,
    values = null,
    depth = 2,
    human = 1, // The reader's number: 1 begins.
    isShown = true,
    isThinking = false,
    game = 0;

  const boardOf = (cells) => cells.reduce((board, cell, i) => placed(board, cell, 1 + (i % 2)), Array(CELLS).fill(0));
  const toMove = () => 1 + (moves.length % 2);
  const winning = () => (moves.length ? line(boardOf(moves), moves.at(-1)) : []);
  const isOver = () => winning().length > 0 || moves.length === CELLS;
  const isMine = () => !isOver() && !isThinking && toMove() === human;
  const probability = (value) => percent((1 + value) / 2);

  function draw() {
    const context = canvas.getContext("2d"),
      style = getComputedStyle(demo.div),
      board = boardOf(moves),
      four = winning();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.textAlign = "center";
    context.fillStyle = style.color;
    context.font = "15px sans-serif";
    if (isMine()) {
      context.beginPath();
      context.moveTo(CELL * chosen + 20, HEAD - 18);
      context.lineTo(CELL * chosen + 40, HEAD - 18);
      context.lineTo(CELL * chosen + 30, HEAD - 4);
      context.fill();
      if (values && isShown)
        columns.forEach((column) => {
          if (values[column] !== null)
            context.fillText(percent((1 + values[column]) / 2, 0), CELL * (column + 0.5), HEAD - 26);
        });
    }
    context.strokeStyle = style.getPropertyValue("--demo-soft") || style.color;
    context.lineWidth = 1;
    context.strokeRect(0.5, HEAD + 0.5, COLUMNS * CELL - 1, ROWS * CELL - 1);
    board.forEach((stone, cell) => {
      const [x, y] = [CELL * ((cell % COLUMNS) + 0.5), HEAD + CELL * (Math.floor(cell / COLUMNS) + 0.5)];
      context.beginPath();
      context.arc(x, y, 0.42 * CELL, 0, 2 * Math.PI);
      if (!stone) return context.stroke();
      context.fillStyle = COLOURS[stone];
      context.fill();
      // A sign beside the colour: of the line, and of the last stone.
      const sign = four.includes(cell) ? "★" : cell === moves.at(-1) ? "•" : "";
      context.fillStyle = "white";
      context.font = "24px sans-serif";
      context.fillText(sign, x, y + 8);
      context.font = "15px sans-serif";
    });
    back.disabled = isThinking || moves.length < (human === 1 ? 1 : 2);
  }

  function tell(text, isResult = false) {
    answer.textContent = text;
    answer.classList.toggle("demo-result", isResult);
  }

  function tellResult() {
    if (!winning().length) tell(say("connect4_draw"), true);
    else tell(say(3 - toMove() === human ? "connect4_won" : "connect4_lost"), true);
  }

  /** Who has which colour: the one who begins has the first. */
  function showSides() {
    const side = (player, key) => {
      const stone = element("span", { className: "demo-stone" });
      stone.style.background = COLOURS[player];
      return element("span", {}, stone, say(key, { colour: say(`colour_${player}`) }));
    };
    sides.replaceChildren(side(human, "connect4_your_side"), side(3 - human, "connect4_its_side"));
  }

  /** The network's move if it is its turn, then the values of the reader's moves. */
  async function go() {
    const now = ++game;
    values = null;
    if (!demo.parts) return draw();
    if (!isOver() && toMove() !== human) {
      isThinking = true;
      draw();
      const found = await moveValues(boardOf(moves), toMove(), depth);
      if (now !== game) return;
      const column = found.reduce((best, value, i) => (value !== null && value > (found[best] ?? -2) ? i : best), 0);
      moves.push(landing(boardOf(moves), column));
      isThinking = false;
      tell(say("connect4_move", { column: column + 1, probability: probability(found[column]) }));
    }
    if (isOver()) tellResult();
    draw();
    if (!isOver()) {
      const found = await moveValues(boardOf(moves), human, depth);
      if (now !== game) return;
      values = found;
      draw();
    }
  }

  function drop(column) {
    if (!demo.parts || !isMine()) return;
    const cell = landing(boardOf(moves), column);
    chosen = column;
    if (cell < 0) return tell(say("connect4_column_full", { column: column + 1 }));
    moves.push(cell);
    go();
  }

  function restart() {
    [moves, isThinking] = [[], false];
    showSides();
    tell(say("connect4_start"));
    return go();
  }

  /** Take back the reader's last move, and what followed it. */
  function undo() {
    do moves.pop();
    while (moves.length && toMove() !== human);
    tell(say("connect4_start"));
    go();
  }

  const columnAt = (event) => {
    const box = canvas.getBoundingClientRect();
    return Math.max(0, Math.min(COLUMNS - 1, Math.floor((COLUMNS * (event.clientX - box.left)) / box.width)));
  };
  canvas.onclick = (event) => drop(columnAt(event));
  canvas.onpointermove = (event) => {
    chosen = columnAt(event);
    draw();
  };
  canvas.onkeydown = (event) => {
    if (isShortcut(event)) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key],
      number = "1234567".indexOf(event.key);
    if (step) {
      chosen = (chosen + step + COLUMNS) % COLUMNS;
      draw();
    } else if (number >= 0) drop(number);
    else if (["ArrowDown", "Enter", " "].includes(event.key)) drop(chosen);
    else return;
    event.preventDefault();
  };
  const back = button(say("connect4_back"), undo);
  const show = element("input", { type: "checkbox", checked: true });
  show.onchange = () => {
    isShown = show.checked;
    draw();
  };
  const begins = [
    [1, say("connect4_you")],
    [2, say("connect4_network")],
  ];
  const searches = [
    [2, say("connect4_two")],
    [1, say("connect4_one")],
  ];
  demo.box.append(
    group(
      "demo-columns",
      canvas,
      group(
        "demo-column",
        sides,
        answer,
        choice(say("connect4_begins"), begins, human, (value) => {
          human = value;
          restart();
        }),
        choice(say("connect4_search"), searches, depth, (value) => {
          depth = value;
          if (isMine()) go();
        }),
        element("label", { className: "demo-radio" }, show, say("connect4_values")),
        group("demo-row", button(say("restart"), restart), back),
      ),
    ),
  );
  dlguide.connectFour = { boardOf, moveValues, landing };
  showSides();
  draw();
  onTheme(draw);
  return restart;
});
