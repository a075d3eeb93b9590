// The page's clock in the hand of a story. arguments: "stop", "start" or "turn", and milliseconds to turn it by.
const [act, by] = arguments;
// Shorter timers are the page's own work, not what it shows for a time.
const LONG_MS = 1_500;

function held() {
  // The page's own: a driver's scripts may have another one.
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
    // Taken from the browser, so that it is nobody else's number.
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
