// automerge-repo as its sync server starts it; documents live in memory only.
import { Repo } from "@automerge/automerge-repo";
import { WebSocketServerAdapter } from "@automerge/automerge-repo-network-websocket";
import { WebSocketServer } from "ws";
import { answerCollections } from "./collect.mjs";

const sockets = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]) });
new Repo({ network: [new WebSocketServerAdapter(sockets)], sharePolicy: async () => false });
sockets.on("listening", answerCollections);
