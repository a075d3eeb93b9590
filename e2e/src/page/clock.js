// Controls the page's clock. arguments: "stop", "start" or "turn", and the milliseconds by which to advance it.
const [act, by] = arguments;
// Shorter timers do the page's own work; only longer ones limit how long something is shown.
const LONG_MS = 1_500;

function held() {
  // Use the page's `Date`: a driver's scripts may have another one.
  const { Date } = window;
  const now = Date.now.bind(Date);
  const set = window.setTimeout.bind(window);
  const clear = window.clearTimeout.bind(window);
  const waiting = new Map();
  let stopped = null;
  let ahead = 0;
  Date.now = () => (stopped ?? now()) + ahead;
  window.setTimeout = (run, after = 0, ...rest) => {
    if (stopped === null || !(after >= LONG_MS)) return set(run, after, ...rest);
    // A real timer reserves the id, so that no other timer gets it.
    const id = set(() => {}, 0);
    waiting.set(id, () => run(...rest));
    return id;
  };
  window.clearTimeout = (id) => {
    waiting.delete(id);
    clear(id);
  };
  return {
    stop: () => {
      stopped ??= now();
    },
    start: () => {
      if (stopped === null) return;
      ahead -= now() - stopped;
      stopped = null;
      for (const [id, run] of waiting) {
        set(() => {
          if (waiting.delete(id)) run();
        }, 0);
      }
    },
    turn: (ms) => {
      ahead += ms;
    },
  };
}

window.causerieClock ??= held();
window.causerieClock[act](by);
