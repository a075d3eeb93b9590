// The load on a peer's server, driven by the bench: a JSON line in, a JSON line out.
import { createInterface } from "node:readline";

/** A chat message of about sixty characters that carries its number. */
export const text = (number) => `mark:${String(number).padStart(6, "0")} of the bench, sixty characters long in all.`;

/** The number that a text or the bytes of a change carry, or null. */
export function mark(bytes) {
  const at = bytes.indexOf("mark:");
  return at < 0 ? null : Number(bytes.toString("latin1", at + 5, at + 11));
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/**
 * Answers commands with the clients that `connect({ document, replica, create, lean, onMark })` gives: each has
 * `ready` (a promise: it is in step with the server), `append(text)`, `count()`, `replica()` and `close()`.
 */
export async function serve(connect) {
  let next = 0;
  const keepers = new Map();
  const groups = new Map();
  const replicas = new Map();

  /** The client that made a document; it stays, or a server without storage would forget the document. */
  async function keeper(document) {
    if (!keepers.has(document)) {
      const client = connect({ document, create: true });
      keepers.set(document, client);
      await client.ready;
    }
    return keepers.get(document);
  }

  async function reaches(client, count) {
    await client.ready;
    while (client.count() < count) await client.changed();
  }

  const commands = {
    /** Fills a document with messages, as fast as the server takes them. */
    async fill({ document, messages }) {
      const author = await keeper(document);
      for (let number = 0; number < messages; number += 1) {
        author.append(text(next++));
        if (number % 64 === 63) await pause(0);
      }
      const reader = connect({ document });
      await reaches(reader, author.count());
      reader.close();
      return {};
    },

    /** Connects clients, spread over documents; the first of each document writes. */
    async join({ group, clients, documents }) {
      const names = Array.from({ length: documents }, (_, n) => `${group}-${n}`);
      for (const name of names) await keeper(name);
      const arrivals = { on: () => {} };
      const followers = [];
      for (let n = documents; n < clients; n += 1) {
        const onMark = (number) => arrivals.on(number);
        followers.push(connect({ document: names[n % documents], lean: true, onMark }));
        if (n % 20 === 19) await Promise.all(followers.map((client) => client.ready));
      }
      await Promise.all(followers.map((client) => client.ready));
      groups.set(group, { names, followers, arrivals });
      return {};
    },

    /** Writes messages at a pace, and tells how long each took to each follower, ms. */
    async write({ group, messages, every_ms }) {
      const { names, followers, arrivals } = groups.get(group);
      const perDocument = followers.length / names.length;
      const sent = new Map();
      const took = [];
      const wanted = messages * perDocument;
      const all = new Promise((resolve) => {
        arrivals.on = (number) => {
          if (!sent.has(number)) return;
          took.push(performance.now() - sent.get(number));
          if (took.length >= wanted) resolve();
        };
      });
      const begun = performance.now();
      for (let n = 0; n < messages; n += 1) {
        await pause(begun + n * every_ms - performance.now());
        const author = await keeper(names[n % names.length]);
        const number = next++;
        sent.set(number, performance.now());
        author.append(text(number));
      }
      await Promise.race([all, pause(20_000)]);
      return { took, wanted };
    },

    async leave({ group }) {
      for (const client of groups.get(group).followers) client.close();
      groups.delete(group);
      return {};
    },

    /** Opens a document on a client that knows nothing of it. */
    async open({ document, messages, times }) {
      const took = [];
      for (let n = 0; n < times; n += 1) {
        const begun = performance.now();
        const client = connect({ document });
        await reaches(client, messages);
        took.push(performance.now() - begun);
        client.close();
        await pause(20);
      }
      return { took };
    },

    /** Keeps what a client has of a document now, for `back`. */
    async remember({ document }) {
      const client = connect({ document });
      await reaches(client, (await keeper(document)).count());
      replicas.set(document, client.replica());
      client.close();
      return {};
    },

    /** Comes back with what `remember` kept and waits for all that happened since. */
    async back({ document, times }) {
      const count = (await keeper(document)).count();
      const took = [];
      for (let n = 0; n < times; n += 1) {
        const begun = performance.now();
        const client = connect({ document, replica: replicas.get(document) });
        await reaches(client, count);
        took.push(performance.now() - begun);
        client.close();
        await pause(20);
      }
      return { took };
    },

    /** Many clients lose the connection and come back at once, each with its replica. */
    async crowd({ document, clients }) {
      const count = (await keeper(document)).count();
      const known = connect({ document });
      await reaches(known, count);
      const replica = known.replica();
      known.close();
      const begun = performance.now();
      const took = [];
      const crowd = [];
      for (let n = 0; n < clients; n += 1) {
        const client = connect({ document, replica, lean: true });
        crowd.push(client);
        client.ready.then(() => took.push(performance.now() - begun));
      }
      await Promise.race([Promise.all(crowd.map((client) => client.ready)), pause(60_000)]);
      for (const client of crowd) client.close();
      return { took, wanted: clients };
    },

    /** Opens documents of some messages each and leaves them open. */
    async idle({ documents, messages }) {
      for (let n = 0; n < documents; n += 1) {
        const author = await keeper(`idle-${n}`);
        for (let number = 0; number < messages; number += 1) author.append(text(next++));
      }
      // In step again: every document has arrived.
      await commands.open({ document: `idle-${documents - 1}`, messages, times: 1 });
      return {};
    },

    /** Writes in the name of somebody else. Does another client get it? */
    async forbidden({ document }) {
      const author = await keeper(document);
      const number = next++;
      let arrived = false;
      const reader = connect({ document, lean: true, onMark: (seen) => (arrived ||= seen === number) });
      await reader.ready;
      author.append(text(number), "agent/somebody-else");
      for (let n = 0; n < 50 && !arrived; n += 1) await pause(20);
      reader.close();
      return { refused: !arrived };
    },
  };

  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    const answer = await commands[command.do](command);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
