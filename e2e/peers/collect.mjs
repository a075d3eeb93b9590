// Says that the server listens, and collects garbage whenever a line comes in: memory that is measured is in use.
import { createInterface } from "node:readline";

export async function answerCollections() {
  process.stdout.write("{}\n");
  for await (const _ of createInterface({ input: process.stdin })) {
    global.gc();
    process.stdout.write("{}\n");
  }
  process.exit(0);
}
