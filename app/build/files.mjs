// Small helpers over the staged folder.
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { relative, sep } from "node:path";

/** Paths of all files below `root`, relative to it, with `/`, sorted. */
export function listFiles(root) {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, `${entry.parentPath ?? entry.path}/${entry.name}`).split(sep).join("/"))
    .sort();
}

/** Digest in the form that CSP and subresource integrity use: `sha256-<base64>`. */
export function sha256(data) {
  return `sha256-${createHash("sha256").update(data).digest("base64")}`;
}

/** The first `length` hex digits of a SHA-256, for names. */
export function shortHash(data, length) {
  return createHash("sha256").update(data).digest("hex").slice(0, length);
}
