// Runs before the program. When the program ends by itself or cannot start, a box says so over everything, and the
// server learns where it was. A WebAssembly trap leaves the program's memory in the middle of a change: nothing of it
// can be trusted afterwards, so the page has to be loaded again.
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
  /** Reports of one tab, across reloads: a console that crashes at each start must not go on reporting. */
  const MAX_REPORTS = 5;
  const REPORTS = "causerie.crash_reports";
  /** Longest stack of a report, characters, and most frames of it. */
  const MAX_STACK = 6000;
  const MAX_FRAMES = 50;
  /** What engines say of a trap. Any other message is not passed on: it may hold what people wrote. */
  const REASONS =
    /unreachable|out of bounds|divide by zero|integer overflow|call to null|null table entry|null function|signature|call stack|too much recursion|out of memory/i;
  const Trap = globalThis.WebAssembly?.RuntimeError ?? class {};

  let started = false;
  let shown = false;

  /** Whether nothing of the program was seen yet: the empty frame of the page stands until there is something. */
  const isEmpty = () => document.getElementById("boot") !== null;

  /**
   * Whether the program ended with the uncaught `error`. What is thrown through its functions leaves them half done,
   * as a trap does. A rejected promise was thrown through nothing, whatever its stack says, unless the stack ran over.
   */
  function hasEnded(error, thrown) {
    if (error instanceof Trap) return true;
    if (!(error instanceof Error) || !/wasm-function\[/.test(error.stack)) return false;
    // A listener that outlived its view: nothing was begun.
    if (/after being dropped/.test(error.message)) return false;
    return thrown || /^(RangeError|InternalError)$/.test(error.name);
  }

  /** Whether the program cannot start for `error`. Storage that is switched off keeps nothing from starting. */
  function isUnloaded(error) {
    return !started && isEmpty() && error instanceof Error && !(error instanceof DOMException);
  }

  addEventListener(
    "error",
    ({ error, target }) => {
      // The event of a module script that cannot be fetched; without another file the program starts.
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
    // Escape would leave a page that does nothing.
    box.addEventListener("cancel", (event) => event.preventDefault());
    box.addEventListener("close", () => box.showModal());
    document.body.append(box);
    box.showModal();
    reload.focus();
    // What is left of the program must not act on keys.
    for (const type of ["keydown", "keyup"]) addEventListener(type, (event) => event.stopImmediatePropagation(), true);
  }

  function element(tag, style, text) {
    return Object.assign(document.createElement(tag), { className: style, textContent: text });
  }

  function language() {
    return (stored(() => localStorage.getItem("causerie.lang")) ?? navigator.language).split("-")[0].toLowerCase();
  }

  /** A value of the browser's storage, which may be switched off. */
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

  /** A stack as file, function index and offset of each frame; nothing else of its lines is kept. */
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

  /** The address without query and fragment, and without the secret of a one-time link. */
  function route() {
    return location.pathname.replace(/[^/]{41,}/g, "…").slice(0, 300);
  }
}
