// Trunk's post_build hook: turns the staged files into what the server serves.
// Trunk sets TRUNK_STAGING_DIR, TRUNK_DIST_DIR, TRUNK_PUBLIC_URL and TRUNK_PROFILE.
//
// The settings, a second program, are built and named in the page in either case (settings.mjs).
// In debug the files stay as they are; a service worker without a build id removes itself.
// In release: one stylesheet, the precache list, Brotli files, byte budgets, and `build.json`
// for the server: {build, script_hashes, style_hashes, immutable, previous}.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { checkBudgets } from "./budgets.mjs";
import { bundleStyles } from "./bundle.mjs";
import { compressAll } from "./compress.mjs";
import { listFiles, sha256 } from "./files.mjs";
import { keepPrevious } from "./previous.mjs";
import { buildSettings } from "./settings.mjs";
import { writeTexts } from "./texts.mjs";
import { buildId, precacheList, stampPage, stampWorker } from "./worker.mjs";

function env(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: this hook is run by Trunk, see Trunk.toml`);
  return value;
}

/** CSP sources of the inline elements `tag` of a page: the browser hashes the text between the tags. */
function inlineHashes(html, tag) {
  const inline = new RegExp(`<${tag}(?![^>]*\\ssrc=)[^>]*>([\\s\\S]*?)</${tag}>`, "g");
  return [...new Set([...html.matchAll(inline)].map(([, text]) => sha256(text)))];
}

function main() {
  const staging = env("TRUNK_STAGING_DIR");
  const dist = env("TRUNK_DIST_DIR");
  const publicUrl = env("TRUNK_PUBLIC_URL");
  const release = env("TRUNK_PROFILE") === "release";

  if (release) bundleStyles(staging, publicUrl);
  writeTexts(staging, publicUrl);
  buildSettings(staging, publicUrl, release);

  const build = buildId(staging, precacheList(staging, publicUrl));
  if (release) stampPage(staging, build);
  const html = readFileSync(join(staging, "index.html"), "utf8");
  const manifest = {
    build,
    script_hashes: inlineHashes(html, "script"),
    style_hashes: inlineHashes(html, "style"),
    immutable: listFiles(staging).filter((path) => /-[0-9a-f]{8,16}(_bg)?\.(js|wasm|css|txt)$/.test(path)),
    previous: [],
  };

  if (release) {
    stampWorker(staging, build, precacheList(staging, publicUrl));
    checkBudgets(compressAll(staging));
    manifest.previous = keepPrevious(staging, dist, manifest);
  }
  writeFileSync(join(staging, "build.json"), `${JSON.stringify(manifest, null, 1)}\n`);
}

try {
  main();
} catch (error) {
  console.error(`post_build: ${error.message}`);
  process.exit(1);
}
