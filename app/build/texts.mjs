// The console's texts, one file a language, beside the program instead of inside it: it loads the one it
// speaks. Their order is that of the keys in app/build.rs; the first line says of which keys they are.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { shortHash } from "./files.mjs";

const FOLDER = "app/locales";
/** Forms of a plural, in the order in which they are written. */
const CATEGORIES = ["one", "other"];

/** `key = text` lines as a map; app/build.rs has checked them already. */
function read(path) {
  const lines = readFileSync(path, "utf8").split("\n").map((line) => line.trim());
  return new Map(
    lines
      .filter((line) => line && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.indexOf("=")).trim(), line.slice(line.indexOf("=") + 1).trim()]),
  );
}

/** All keys in order: texts, then the forms of each plural. */
function order(locale) {
  const keys = [...locale.keys()];
  const plain = keys.filter((key) => !key.includes("#")).sort();
  const plural = [...new Set(keys.filter((key) => key.includes("#")).map((key) => key.split("#")[0]))].sort();
  return [...plain, ...plural.flatMap((key) => CATEGORIES.map((category) => `${key}#${category}`))];
}

/** FNV-1a over 64 bits, as in app/build.rs. */
function fingerprint(keys) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(keys.join("\n"))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}

/** Writes the files and names them in the page: `<meta name="texts" content="en=/app/… es=/app/…">`. */
export function writeTexts(staging, publicUrl) {
  const languages = readdirSync(FOLDER).map((name) => name.replace(/\.txt$/, ""));
  const keys = order(read(join(FOLDER, "en.txt")));
  const files = languages.map((language) => {
    const locale = read(join(FOLDER, `${language}.txt`));
    const text = [fingerprint(keys), ...keys.map((key) => locale.get(key))].join("\n");
    const name = `texts-${language}-${shortHash(text, 16)}.txt`;
    writeFileSync(join(staging, name), text);
    return `${language}=${publicUrl}${name}`;
  });
  const page = join(staging, "index.html");
  const html = readFileSync(page, "utf8");
  const empty = '<meta name="texts" content="">';
  if (!html.includes(empty)) throw new Error(`app/index.html has no ${empty}`);
  writeFileSync(page, html.replace(empty, empty.replace('""', JSON.stringify(files.join(" ")))));
}
