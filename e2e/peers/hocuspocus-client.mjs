// Clients of Hocuspocus as lean as those of ours: a socket each, and a replica only where it is read or written.
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { mark, serve } from "./load.mjs";

const ADDRESS = `ws://127.0.0.1:${process.argv[2]}`;
// Numbers of Hocuspocus' messages and of y-protocols' sync messages.
const [SYNC, AUTH, SYNC_REPLY] = [0, 2, 4];
const [STEP_1, STEP_2, UPDATE] = [0, 1, 2];

let ids = 0;

function frame(document, type, write) {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, document);
  encoding.writeVarUint(encoder, type);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

const sync = (document, step, bytes) =>
  frame(document, SYNC, (encoder) => {
    encoding.writeVarUint(encoder, step);
    encoding.writeVarUint8Array(encoder, bytes);
  });

function connect({ document, replica, lean = false, onMark = () => {} }) {
  const doc = new Y.Doc();
  if (replica) Y.applyUpdate(doc, replica);
  let inStep;
  const ready = new Promise((resolve) => (inStep = resolve));
  let waiting = [];
  const socket = new WebSocket(ADDRESS, { perMessageDeflate: false });
  socket.binaryType = "nodebuffer";
  socket.on("open", () => {
    socket.send(
      frame(document, AUTH, (encoder) => {
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarString(encoder, "");
        encoding.writeVarString(encoder, "4.7.0");
      }),
    );
    socket.send(sync(document, STEP_1, Y.encodeStateVector(doc)));
  });
  socket.on("message", (bytes) => {
    const decoder = decoding.createDecoder(bytes);
    decoding.readVarString(decoder);
    const type = decoding.readVarUint(decoder);
    if (type !== SYNC && type !== SYNC_REPLY) return;
    const step = decoding.readVarUint(decoder);
    if (step === STEP_1) return;
    if (!lean) Y.applyUpdate(doc, decoding.readVarUint8Array(decoder), "server");
    if (step === STEP_2) inStep();
    if (step === UPDATE) {
      const number = mark(bytes);
      if (number !== null) onMark(number);
    }
    waiting.splice(0).forEach((wake) => wake());
  });
  socket.on("error", (error) => console.error(error.message));
  doc.on("update", (update, origin) => {
    if (origin !== "server" && socket.readyState === WebSocket.OPEN) socket.send(sync(document, UPDATE, update));
  });
  const messages = doc.getMap("messages");
  return {
    ready,
    append(body, author = "agent/me") {
      doc.transact(() => {
        const message = new Y.Map();
        message.set("author", author);
        message.set("kind", "text");
        message.set("body", body);
        message.set("at", 0);
        messages.set(`message-${ids++}`, message);
      });
    },
    count: () => messages.size,
    changed: () => new Promise((resolve) => waiting.push(resolve)),
    replica: () => Y.encodeStateAsUpdate(doc),
    close: () => socket.close(),
  };
}

await serve(connect);
