// What the service worker is told: its build id and the files that make up the offline shell.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { listFiles, sha256, shortHash } from "./files.mjs";

/** Not part of the shell: the visitor's side, and files that are read by the server or the browser itself. */
const OUTSIDE = /^(widget|demo)\/|^(sw\.js|build\.json)$|\.(br|map|d\.ts)$|LICENSE$/;

/**
 * The offline shell: `[{url, hash}]`, hash in the integrity form.
 * The page is listed as the public URL itself, the address under which the server answers it.
 */
export function precacheList(staging, publicUrl) {
  return listFiles(staging)
    .filter((path) => !OUTSIDE.test(path))
    .map((path) => ({
      url: path === "index.html" ? publicUrl : publicUrl + path,
      hash: sha256(readFileSync(join(staging, path))),
    }));
}

/** Sixteen hex digits that change whenever a file of the shell or the worker changes. */
export function buildId(staging, precache) {
  const worker = readFileSync(join(staging, "sw.js"));
  return shortHash(JSON.stringify(precache) + sha256(worker), 16);
}

/** Names the build in the page, for reports of crashes: `<meta name="build" content="…">`. */
export function stampPage(staging, build) {
  const path = join(staging, "index.html");
  const html = readFileSync(path, "utf8");
  const empty = '<meta name="build" content="">';
  if (!html.includes(empty)) throw new Error(`app/index.html has no ${empty}`);
  writeFileSync(path, html.replace(empty, empty.replace('""', JSON.stringify(build))));
}

/** Writes both into the two constants at the head of the staged `sw.js`. */
export function stampWorker(staging, build, precache) {
  const path = join(staging, "sw.js");
  let source = readFileSync(path, "utf8");
  const values = { "const BUILD = null;": build, "const PRECACHE = [];": precache };
  for (const [line, value] of Object.entries(values)) {
    if (!source.includes(line)) throw new Error(`public/sw.js has no line "${line}"`);
    source = source.replace(line, () => line.replace(/= .*;/, () => `= ${JSON.stringify(value)};`));
  }
  writeFileSync(path, source);
}
