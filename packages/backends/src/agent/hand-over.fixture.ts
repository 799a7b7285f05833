import { createServer } from "node:http";
import { takeOver } from "./hand-over.ts";

// A successor: takes the socket of its parent, serves on it, tells who it is.
const taken = await takeOver();
const http = createServer((_request, response) => response.end("successor"));
taken?.servers.get("router")?.attach((socket) => http.emit("connection", socket));
taken?.confirm();
process.on("disconnect", () => process.exit(0));
