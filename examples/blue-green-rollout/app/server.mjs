// A page that says which version it is. It listens where PORT says: on one machine every Pod has its own.
import { createServer } from "node:http";

const { VERSION: version = "none", PORT: port = "8080" } = process.env;

const server = createServer((request, response) => {
  response.setHeader("x-version", version);
  if (request.url === "/ready") return response.end("ok");
  if (request.url !== "/") return response.writeHead(404).end("not here\n");
  response.end(`page ${version}\n`);
});
// Requests under way are answered before it ends.
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
server.listen(Number(port), () => console.log(`${version} listens`));
