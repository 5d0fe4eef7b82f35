/* The training as pieces of work that leave the page free: at most some milliseconds in each frame. */
(() => {
  "use strict";

  const { Runs, Answers, prepare } = dlguide.trainer;
  const BUDGET = 8, // Milliseconds; one step or one picture may go beyond.
    PAUSE = 90; // Between two drawings; longer for a reader who wants less motion.

  /** `settings` and `points` are read at `renew`; `speed()` is in steps a second; `pictures` are functions of the
      session that draw, one in each frame. */
  function loop(settings, points, speed, pictures) {
    const session = { isPlaying: false };
    let owed = 0, // Steps by the clock that are not done yet.
      last = 0,
      drawn = 0,
      asked = 0, // When the answers to draw were begun.
      waiting = []; // Pictures of this moment that are not drawn yet.

    const show = () => {
      pictures.forEach((draw) => draw(session));
      [drawn, waiting] = [performance.now(), []];
    };
    session.show = show;

    /** Train from the first weights. */
    session.renew = () => {
      session.data = prepare(settings, points);
      session.runs = new Runs(session.data, settings);
      session.answers = new Answers(session.runs);
      session.isPlaying &&= session.canTrain;
      owed = 0;
      show();
    };
    Object.defineProperty(session, "canTrain", { get: () => session.runs.runs.length > 0 });

    session.play = (isOn) => {
      const isStart = isOn && !session.isPlaying && session.canTrain;
      session.isPlaying = isOn && session.canTrain;
      if (!isStart) return isOn || complete();
      show();
      last = performance.now();
      requestAnimationFrame(frame);
    };

    /** One step of every seed. */
    session.step = () => {
      session.isPlaying = false;
      if (session.canTrain) while (!session.runs.advance());
      complete();
    };

    /** Finish the step of every seed and the picture of the plane, which pieces of several steps would tear. */
    function complete() {
      const { runs, answers } = session;
      while (runs.turn) runs.advance();
      answers.restart();
      while (session.canTrain && !answers.update());
      show();
    }

    function frame(now) {
      if (!session.isPlaying) return;
      const { runs, answers } = session,
        begun = performance.now();
      const hasTime = () => performance.now() - begun < BUDGET;
      owed = Math.min(owed + (speed() * Math.max(0, now - last)) / 1000, speed() / 5);
      last = now;
      const pause = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : PAUSE;
      const isDue = now - drawn > Math.max(pause, drawn - asked); // Half of the time, at least, is for steps.
      if (!isDue) asked = now;
      let isDone = false;
      if (waiting.length) waiting.shift()(session);
      else if (!isDue) while (owed >= 1 && hasTime()) owed -= runs.advance();
      else while (!isDone && hasTime()) isDone = answers.update();
      if (isDone) [drawn, waiting] = [now, [...pictures]];
      requestAnimationFrame(frame);
    }
    return session;
  }

  dlguide.trainer.loop = loop;
})();
