// Runs before the program. When the program ends by itself or cannot start, a dialog over everything says so, and a
// report goes to the server. A WebAssembly trap leaves the program's memory in the middle of a change: nothing in it
// can be trusted afterwards, so the page must be loaded again.
{
  const TEXTS = {
    en: {
      broken: ["Something broke.", "Your work is kept."],
      unloaded: ["Causerie could not start.", "Check your connection and load the page again."],
      reload: "Reload",
    },
    es: {
      broken: ["Algo ha fallado.", "Tu trabajo está guardado."],
      unloaded: ["Causerie no ha podido iniciarse.", "Revisa tu conexión y vuelve a cargar la página."],
      reload: "Recargar",
    },
  };
  /** Maximum number of reports of a tab, across reloads, for a console that crashes at each start. */
  const MAX_REPORTS = 5;
  const REPORTS = "causerie.crash_reports";
  /** Maximum length of a report's stack, in characters, and maximum number of its frames. */
  const MAX_STACK = 6000;
  const MAX_FRAMES = 50;
  /** The messages of engines for traps. No other message is sent, because it may contain what people wrote. */
  const REASONS =
    /unreachable|out of bounds|divide by zero|integer overflow|call to null|null table entry|null function|signature|call stack|too much recursion|out of memory/i;
  const Trap = globalThis.WebAssembly?.RuntimeError ?? class {};

  let started = false;
  let shown = false;

  /** Whether the program has shown nothing yet: the page's empty frame stays until then. */
  const isEmpty = () => document.getElementById("boot") !== null;

  /**
   * Whether the uncaught `error` ended the program. An exception through its functions leaves them half done, as a trap
   * does. A rejected promise unwound no function, whatever its stack says, unless the stack overflowed.
   */
  function hasEnded(error, thrown) {
    if (error instanceof Trap) return true;
    if (!(error instanceof Error) || !/wasm-function\[/.test(error.stack)) return false;
    // A listener outlived its view; nothing was interrupted.
    if (/after being dropped/.test(error.message)) return false;
    return thrown || /^(RangeError|InternalError)$/.test(error.name);
  }

  /** Whether `error` keeps the program from starting. Disabled storage does not. */
  function isUnloaded(error) {
    return !started && isEmpty() && error instanceof Error && !(error instanceof DOMException);
  }

  addEventListener(
    "error",
    ({ error, target }) => {
      // The event of a module script that cannot be fetched. The program starts without any other file.
      const unfetched = target instanceof HTMLScriptElement && target.type === "module";
      if (unfetched || isUnloaded(error) || hasEnded(error, true)) fail(error);
    },
    true,
  );
  addEventListener("unhandledrejection", ({ reason }) => {
    if (isUnloaded(reason) || hasEnded(reason, false)) fail(reason);
  });
  addEventListener("TrunkApplicationStarted", () => (started = true));

  function fail(error) {
    if (shown) return;
    shown = true;
    if (document.body) show();
    else addEventListener("DOMContentLoaded", show);
    report(error);
  }

  function show() {
    const texts = TEXTS[language()] ?? TEXTS.en;
    const [title, text] = isEmpty() ? texts.unloaded : texts.broken;
    const box = element("dialog", "dialog", "");
    box.setAttribute("role", "alertdialog");
    box.setAttribute("aria-labelledby", "crash-title");
    box.setAttribute("aria-describedby", "crash-text");
    const reload = element("button", "btn btn-primary", texts.reload);
    reload.type = "button";
    reload.addEventListener("click", () => location.reload());
    const acts = element("div", "dialog-acts", "");
    acts.append(reload);
    const heading = element("h2", "dialog-title", title);
    heading.id = "crash-title";
    const words = element("p", "dialog-text", text);
    words.id = "crash-text";
    box.append(heading, words, acts);
    // Escape would uncover a page that no longer works.
    box.addEventListener("cancel", (event) => event.preventDefault());
    box.addEventListener("close", () => box.showModal());
    document.body.append(box);
    box.showModal();
    reload.focus();
    // What remains of the program must not react to keys.
    for (const type of ["keydown", "keyup"]) addEventListener(type, (event) => event.stopImmediatePropagation(), true);
  }

  function element(tag, style, text) {
    return Object.assign(document.createElement(tag), { className: style, textContent: text });
  }

  function language() {
    return (stored(() => localStorage.getItem("causerie.lang")) ?? navigator.language).split("-")[0].toLowerCase();
  }

  /** Reads a value of the browser's storage, which may be disabled. */
  function stored(read) {
    try {
      return read();
    } catch {
      return null;
    }
  }

  function report(error) {
    const sent = stored(() => {
      const before = Number(sessionStorage.getItem(REPORTS));
      sessionStorage.setItem(REPORTS, before + 1);
      return before;
    });
    if (sent >= MAX_REPORTS) return;
    const stack = [kind(error), ...frames(error?.stack)].join("\n").slice(0, MAX_STACK);
    const body = JSON.stringify({
      build: document.querySelector('meta[name="build"]')?.content || "dev",
      part: /\b(settings|desk)[\w.-]*\.wasm/.exec(stack)?.[1] ?? "main",
      stack,
      route: route(),
    });
    const headers = { "Content-Type": "application/json" };
    fetch("/api/crash", { method: "POST", headers, body, keepalive: true }).catch(() => {});
  }

  function kind(error) {
    if (!(error instanceof Error)) return "not loaded";
    const name = /^\w{1,40}$/.test(error.name) ? error.name : "Error";
    const reason = REASONS.exec(error.message)?.[0].toLowerCase();
    return [!started && isEmpty() && "not loaded", name, reason].filter(Boolean).join(": ");
  }

  /** Reduces a stack to file, function index and offset of each frame. */
  function frames(stack) {
    const place = /([\w.-]+\.(?:wasm|js))(?:\?\w*)?((?::wasm-function\[\d+\])?(?::(?:0x)?[\da-f]+)*)\)?$/i;
    return String(stack ?? "")
      .split("\n")
      .flatMap((line) => {
        const found = place.exec(line.trim());
        return found ? [found[1] + found[2]] : (/wasm-function\[\d+\]/.exec(line) ?? []);
      })
      .slice(0, MAX_FRAMES);
  }

  /** The path of the address, without the secret of a one-time link. */
  function route() {
    return location.pathname.replace(/[^/]{41,}/g, "…").slice(0, 300);
  }
}
