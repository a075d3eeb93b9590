// The settings are a second program (app/src/bin/settings.rs) that the console loads when somebody opens them.
// Trunk builds one program a page, so this is built here: by the same cargo, with the same flags (they come with
// the environment), into the same target folder.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { shortHash } from "./files.mjs";

const NAME = "settings";
const TARGET = "wasm32-unknown-unknown";
/** Both as for the console in app/index.html, which says why. */
const PASSES =
  "-O1 -s=2 --duplicate-function-elimination --simplify-locals-nostructure --merge-blocks --remove-unused-brs --rse --vacuum --reorder-locals --code-folding --duplicate-function-elimination --reorder-functions-by-name".split(
    " ",
  );
const FEATURES = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"];

function run(command, args) {
  execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
}

/** Builds the program into `staging` and names it in the page: `<meta name="settings" content="script module">`. */
export function buildSettings(staging, publicUrl, release) {
  const profile = release ? "wasm-release" : "dev";
  run("cargo", ["build", "--package", "causerie-app", "--bin", NAME, "--target", TARGET, "--profile", profile, "--offline", "--quiet"]);
  const target = process.env.CARGO_TARGET_DIR ?? "target";
  const built = join(target, TARGET, release ? profile : "debug", `${NAME}.wasm`);
  const out = mkdtempSync(join(tmpdir(), "causerie-settings-"));
  try {
    run("wasm-bindgen", ["--target", "web", "--no-typescript", "--out-dir", out, "--out-name", NAME, built]);
    const module = join(out, `${NAME}_bg.wasm`);
    if (release) run("wasm-opt", [...PASSES, ...FEATURES.map((name) => `--enable-${name}`), module, "-o", module]);
    const script = readFileSync(join(out, `${NAME}.js`), "utf8");
    if (/^import .* from/m.test(script)) throw new Error("the settings import a script of their own, which nothing copies");
    const hash = shortHash(Buffer.concat([readFileSync(module), Buffer.from(script)]), 16);
    const names = [`${NAME}-${hash}.js`, `${NAME}-${hash}_bg.wasm`];
    writeFileSync(join(staging, names[0]), script);
    copyFileSync(module, join(staging, names[1]));
    nameThem(staging, names.map((name) => publicUrl + name));
  } finally {
    rmSync(out, { recursive: true });
  }
}

function nameThem(staging, addresses) {
  const page = join(staging, "index.html");
  const html = readFileSync(page, "utf8");
  const empty = '<meta name="settings" content="">';
  if (!html.includes(empty)) throw new Error(`app/index.html has no ${empty}`);
  writeFileSync(page, html.replace(empty, empty.replace('""', JSON.stringify(addresses.join(" ")))));
}
