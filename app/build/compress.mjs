// Brotli at build time, at a level that would be too slow for answering requests.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

import { listFiles } from "./files.mjs";

const COMPRESSIBLE = /\.(js|wasm|css|html|svg|json|txt|webmanifest)$/;

/** Writes `<file>.br` beside every compressible file; answers the compressed sizes in bytes by path. */
export function compressAll(staging) {
  const sizes = new Map();
  for (const path of listFiles(staging).filter((name) => COMPRESSIBLE.test(name))) {
    const data = readFileSync(join(staging, path));
    const packed = brotliCompressSync(data, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
        [constants.BROTLI_PARAM_MODE]: path.endsWith(".wasm") ? constants.BROTLI_MODE_GENERIC : constants.BROTLI_MODE_TEXT,
      },
    });
    writeFileSync(join(staging, `${path}.br`), packed);
    sizes.set(path, packed.length);
  }
  return sizes;
}
