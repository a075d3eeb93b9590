// Clients of automerge-repo: its protocol has a state for each peer, so each client is a whole Repo.
import * as A from "@automerge/automerge";
import { Repo } from "@automerge/automerge-repo";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";
import { mark, serve } from "./load.mjs";

const ADDRESS = `ws://127.0.0.1:${process.argv[2]}`;
const urls = new Map();
// One Repo for all documents that stay open, as one console would have them.
let house;
let ids = 0;

function repo() {
  const adapter = new WebSocketClientAdapter(ADDRESS);
  return { repo: new Repo({ network: [adapter], sharePolicy: async () => true }), adapter };
}

function connect({ document, replica, create = false, onMark = () => {} }) {
  const { repo: own, adapter } = create ? (house ??= repo()) : repo();
  let handle;
  let waiting = [];
  const changed = ({ patches }) => {
    for (const { path, value } of patches) {
      if (path.length === 3 && path[2] === "body") {
        const number = mark(Buffer.from(String(value?.val ?? value)));
        if (number !== null) onMark(number);
      }
    }
    waiting.splice(0).forEach((wake) => wake());
  };
  async function open() {
    await adapter.whenReady();
    if (create) {
      handle = own.create({ messages: {} });
      urls.set(document, handle.url);
      return;
    }
    if (replica) {
      handle = own.import(replica, { docId: urls.get(document).replace("automerge:", "") });
      handle.on("change", changed);
      await handle.whenReady();
      // In step: the server has answered what this replica told it.
      await new Promise((resolve) => adapter.on("message", (message) => message.documentId && resolve()));
      return;
    }
    while (!handle) {
      try {
        handle = await own.find(urls.get(document));
      } catch {
        // The server does not have it yet.
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    handle.on("change", changed);
  }
  return {
    ready: open(),
    append(body, author = "agent/me") {
      handle.change((doc) => {
        doc.messages[`message-${ids++}`] = {
          author: new A.ImmutableString(author),
          kind: new A.ImmutableString("text"),
          body: new A.ImmutableString(body),
          at: 0,
        };
      });
    },
    count: () => Object.keys(handle.doc().messages ?? {}).length,
    changed: () => new Promise((resolve) => waiting.push(resolve)),
    replica: () => A.save(handle.doc()),
    close: () => adapter.disconnect(),
  };
}

await serve(connect);
