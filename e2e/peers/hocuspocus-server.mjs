// Hocuspocus as its README starts it; documents live in memory only.
import { Server } from "@hocuspocus/server";
import { answerCollections } from "./collect.mjs";

const server = new Server({ address: "127.0.0.1", port: Number(process.argv[2]), quiet: true, stopOnSignals: true });
await server.listen();
answerCollections();
