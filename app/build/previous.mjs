// A tab that got its page just before an update still asks for the hashed files of that build,
// so one build back stays on the server.
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Copies the hashed files of the build in `dist` that `manifest` does not have into `staging`.
 * Answers their paths.
 */
export function keepPrevious(staging, dist, manifest) {
  const file = join(dist, "build.json");
  if (!existsSync(file)) return [];
  const last = JSON.parse(readFileSync(file, "utf8"));
  const names = last.build === manifest.build ? last.previous : last.immutable;
  const kept = names.filter((name) => !manifest.immutable.includes(name) && !name.includes("/"));
  for (const name of kept) {
    copyFileSync(join(dist, name), join(staging, name));
    if (existsSync(join(dist, `${name}.br`))) copyFileSync(join(dist, `${name}.br`), join(staging, `${name}.br`));
  }
  return kept;
}
