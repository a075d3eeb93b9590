// Source keeps one stylesheet a component; the browser gets one file, so that the first paint
// waits for one request and the texts compress together.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { sha256, shortHash } from "./files.mjs";

/** Replaces the page's own stylesheet links by one link to their concatenation, in document order. */
export function bundleStyles(staging, publicUrl) {
  const page = join(staging, "index.html");
  const html = readFileSync(page, "utf8");
  const links = [...html.matchAll(/[ \t]*<link\b[^>]*\brel="stylesheet"[^>]*>\n?/g)].filter(([tag]) =>
    tag.includes(`href="${publicUrl}`),
  );
  if (links.length === 0) return;

  const names = links.map(([tag]) => tag.match(/href="([^"]+)"/)[1].slice(publicUrl.length));
  const css = names.map((name) => withoutComments(readFileSync(join(staging, name), "utf8"))).join("\n");
  if (/@import\b|@charset\b/.test(css)) throw new Error("a stylesheet uses @import or @charset, which cannot be joined");

  const name = `style-${shortHash(css, 16)}.css`;
  writeFileSync(join(staging, name), css);
  for (const old of names) rmSync(join(staging, old));

  const joined = `<link rel="stylesheet" href="${publicUrl}${name}" integrity="${sha256(css)}">\n`;
  const [first, ...others] = links.map(([tag]) => tag);
  const bundled = others.reduce((text, tag) => text.replace(tag, ""), html).replace(first, joined);
  // Trunk leaves an empty line for each element that it takes away.
  writeFileSync(page, bundled.replace(/\n(?:[ \t]*\n)+/g, "\n"));
}

/** Comments and the indentation are for readers of the source. Strings are matched first and stay. */
function withoutComments(css) {
  return css
    .replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\/\*[\s\S]*?\*\//g, (part) => (part.startsWith("/*") ? "" : part))
    .replace(/^[ \t]+|[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n");
}
