// A page that says which colour and release it is. It listens where PORT says: on one machine every Pod has its own.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const colour = process.env.VERSION ?? "none";
const release = readFileSync(new URL("release.txt", import.meta.url), "utf8").trim();

const server = createServer((request, response) => {
  response.setHeader("x-version", colour);
  if (request.url === "/health" || request.url === "/ready") return response.end("ok");
  if (request.url !== "/") return response.writeHead(404).end("not here\n");
  response.end(`${colour} ${release}\n`);
});
// Requests under way are answered before it ends.
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
server.listen(Number(process.env.PORT ?? 8080), () => console.log(`${colour} ${release} listens`));
