/* dqn_cartpole: the agent balances the pole, the reader pushes the cart. The equations are those of CartPole-v1 of
   gymnasium. */
dlguide.demo("cartpole", (demo) => {
  "use strict";

  const { say, element, group, button, named, liveText, fixed, isShortcut, onTheme } = dlguide.widgets;
  const TAU = 0.02,
    FORCE = 10,
    GRAVITY = 9.8,
    CART = 1,
    POLE = 0.1,
    HALF_LENGTH = 0.5;
  const FAR = 2.4,
    TILTED = (12 * Math.PI) / 180,
    PUSH = { force: 15, steps: 5 };
  const [WIDTH, HEIGHT] = [720, 300],
    SCALE = 140,
    RAIL = 240; // Pixels; pixels of a metre; height of the rail.
  let state,
    steps,
    push,
    isRunning = false,
    isOver = false,
    action = 0,
    values = [0, 0];

  /** The state after 0.02 s with a force on the cart. */
  function next([x, speed, angle, turning], force) {
    const sine = Math.sin(angle),
      cosine = Math.cos(angle),
      mass = CART + POLE;
    const shared = (force + POLE * HALF_LENGTH * turning * turning * sine) / mass;
    const turn = (GRAVITY * sine - cosine * shared) / (HALF_LENGTH * (4 / 3 - (POLE * cosine * cosine) / mass));
    const gain = shared - (POLE * HALF_LENGTH * turn * cosine) / mass;
    return [x + TAU * speed, speed + TAU * gain, angle + TAU * turning, turning + TAU * turn];
  }
  dlguide.cartPole = next;

  const canvas = element("canvas", {
    width: WIDTH,
    height: HEIGHT,
    className: "demo-scene",
    tabIndex: 0,
    role: "application",
    "aria-label": say("cartpole_scene"),
  });
  const facts = element("p", { className: "demo-value demo-facts" }),
    answer = liveText();

  function draw() {
    const context = canvas.getContext("2d"),
      style = getComputedStyle(demo.div),
      middle = WIDTH / 2 + SCALE * state[0];
    context.clearRect(0, 0, WIDTH, HEIGHT);
    context.strokeStyle = context.fillStyle = style.color;
    context.lineWidth = 2;
    context.strokeRect(-2, RAIL, WIDTH + 4, 0);
    for (const end of [-FAR, FAR]) context.fillRect(WIDTH / 2 + SCALE * end - 1, RAIL - 10, 2, 20);
    context.fillRect(middle - 35, RAIL - 14, 70, 28);
    context.lineWidth = 10;
    context.strokeStyle = "#ff7f0e";
    context.beginPath();
    context.moveTo(middle, RAIL - 14);
    context.lineTo(
      middle + 2 * HALF_LENGTH * SCALE * Math.sin(state[2]),
      RAIL - 14 - 2 * HALF_LENGTH * SCALE * Math.cos(state[2]),
    );
    context.stroke();
    if (push.steps) {
      context.font = "bold 40px sans-serif";
      context.textAlign = "center";
      context.fillStyle = "#d6336c";
      context.fillText(push.force > 0 ? "→" : "←", middle - Math.sign(push.force) * 70, RAIL + 12);
    }
    facts.textContent = say("cartpole_facts", {
      steps,
      position: fixed(state[0], 2),
      angle: fixed((180 * state[2]) / Math.PI, 1),
      left: steps ? fixed(values[0], 1) : "–",
      right: steps ? fixed(values[1], 1) : "–",
      action: !steps ? "–" : action ? "→" : "←",
    });
  }

  /** One step of the agent: the action with the larger value. */
  async function step() {
    values = await demo.parts[0].answer(state, [1, 4]);
    action = values[1] > values[0] ? 1 : 0;
    const pushed = push.steps > 0 ? push.force : 0;
    push.steps = Math.max(0, push.steps - 1);
    state = next(state, (action ? FORCE : -FORCE) + pushed);
    steps += 1;
    isOver = Math.abs(state[0]) > FAR || Math.abs(state[2]) > TILTED;
    if (isOver) {
      answer.textContent = say(Math.abs(state[0]) > FAR ? "cart_left" : "pole_fell", { steps });
      run(false);
    }
  }

  let time = null;
  async function frame(now) {
    if (!isRunning) return;
    // As many steps as time has passed, a few at most: a page in the background does not catch up.
    for (
      let behind = Math.min(5, Math.floor((now - (time ?? now)) / (1000 * TAU)));
      behind > 0 && isRunning;
      behind--
    ) {
      await step();
      time += 1000 * TAU;
    }
    if (time === null || now - time > 100) time = now;
    draw();
    requestAnimationFrame(frame);
  }

  function run(now) {
    if (!demo.parts) return; // The agent is not there yet.
    const isStart = now && !isRunning;
    isRunning = now;
    time = null;
    pause.textContent = say(isRunning ? "pause" : "start");
    if (isStart) requestAnimationFrame(frame);
  }

  function restart() {
    const start = () => 0.1 * Math.random() - 0.05;
    [state, steps, push, isOver] = [[start(), start(), start(), start()], 0, { force: 0, steps: 0 }, false];
    answer.textContent = "\u00a0";
  }

  /** Pause or go on; after the end, a new beginning. */
  function toggle() {
    if (isOver) restart();
    run(!isRunning);
  }

  const give = (sign) => () => {
    push = { force: sign * PUSH.force, steps: PUSH.steps };
    if (isOver) return;
    if (!isRunning) run(true);
  };
  const pause = button(say("start"), toggle);
  const buttons = [
    named(say("push"), button("←", give(-1), say("push_left")), button("→", give(1), say("push_right"))),
    pause,
    button(say("restart"), () => {
      restart();
      run(true);
    }),
  ];
  canvas.onkeydown = (event) => {
    if (isShortcut(event)) return;
    const key = { ArrowRight: give(1), ArrowLeft: give(-1), " ": toggle }[event.key];
    if (!key) return;
    event.preventDefault();
    key();
  };
  demo.box.append(
    group(
      "demo-stack",
      canvas,
      facts,
      group("demo-row", ...buttons),
      answer,
      element("p", { textContent: say("cartpole_value") }),
    ),
  );
  restart();
  draw();
  onTheme(draw);
  return () => run(!matchMedia("(prefers-reduced-motion: reduce)").matches);
});
