// The byte budgets of the product, in kilobytes of 1024 bytes after Brotli.
// A build that breaks one fails: sizes creep back unless something says no.

const BUDGETS = [
  { what: "app WASM", limit: 600, files: /^causerie-app-[^/]+\.wasm$/ },
  { what: "settings WASM", limit: 400, files: /^settings-[^/]+\.wasm$/ },
  { what: "settings JS glue", limit: 20, files: /^settings-[^/]+\.js$/ },
  { what: "app JS glue", limit: 20, files: /^(causerie-app-[^/]+\.js|snippets\/.+\.js|crash\.js|theme\.js)$/ },
  { what: "app CSS", limit: 25, files: /^[^/]+\.css$/ },
  { what: "app HTML", limit: 14, files: /^index\.html$/ },
  { what: "widget loader", limit: 3, files: /^widget\/loader\.js$/ },
  { what: "widget panel JS and CSS", limit: 20, files: /^widget\/(?!loader\.js$).+\.(js|css)$/ },
];

/** Prints one line a budget and throws when one is exceeded or matches no file. `sizes`: bytes by path. */
export function checkBudgets(sizes) {
  const broken = [];
  for (const { what, limit, files } of BUDGETS) {
    const matched = [...sizes].filter(([path]) => files.test(path));
    const bytes = matched.reduce((sum, [, size]) => sum + size, 0);
    console.log(`${what}: ${(bytes / 1024).toFixed(1)} of ${limit} KB`);
    if (matched.length === 0) broken.push(`${what} is missing`);
    else if (bytes > limit * 1024) broken.push(`${what} is ${bytes} bytes, ${bytes - limit * 1024} over its budget`);
  }
  if (broken.length > 0) throw new Error(broken.join("; "));
}
