import { existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { join } from "node:path";
import type { Client } from "@sluice/api";
import { createConsoleHandler } from "@sluice/console/server";
import { packageFolder } from "../program.ts";
import type { Credentials } from "../state/credentials.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { version } from "../version.ts";
import { consoleRehearsals } from "./console-rehearsals.ts";
import { log } from "./log.ts";
import { realClock } from "./real-clock.ts";

export interface ConsoleOptions {
  readonly credentials: Credentials;
  readonly api: { readonly url: string };
  readonly authority: string;
  /** What the pages watch. */
  readonly client: Client;
  readonly query: (request: IncomingMessage, response: ServerResponse) => void;
  readonly state: StateFolder;
}

/** The console's pages and their way to the API: a browser's session stands for the admin's token. */
export async function serveConsole({ credentials, api, authority, client, query, state }: ConsoleOptions) {
  const connections = new Agent({ ca: authority, keepAlive: true });
  const handler = createConsoleHandler({
    assetsFolder: pagesFolder(),
    version: version(),
    secret: credentials.consoleToken,
    clock: realClock,
    client,
    ...consoleRehearsals(client, state),
    upstream(request, response, path) {
      const { cookie: _, host: __, origin: ___, authorization: ____, ...headers } = request.headers;
      const forwarded = httpsRequest(
        new URL(path, api.url),
        {
          method: request.method,
          agent: connections,
          headers: { ...headers, authorization: `Bearer ${credentials.adminToken}` },
        },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      forwarded.on("error", () => {
        if (response.headersSent) response.destroy();
        else response.writeHead(502).end();
      });
      response.on("close", () => forwarded.destroy());
      request.pipe(forwarded);
    },
    query(request, response, path) {
      request.url = path;
      query(request, response);
    },
  });
  return {
    handle(request: IncomingMessage, response: ServerResponse): void {
      if (request.url === "/console/link" && request.method === "POST") {
        const isAllowed = request.headers.authorization === `Bearer ${credentials.consoleToken}`;
        response.writeHead(isAllowed ? 200 : 401, { "content-type": "text/plain" });
        response.end(isAllowed ? link(request.headers.host ?? "") : "");
        return;
      }
      handler.handle(request, response);
    },
    link: (port: number) => link(`localhost:${port}`),
  };

  function link(host: string): string {
    return `http://${host}${handler.createLoginLink()}`;
  }
}

/** Packed with the program; in the repository beside the room, built beside the start where they aren't yet. */
function pagesFolder(): string {
  const room = join(packageFolder(), "..", "console");
  const script = join(room, "build.ts");
  if (!existsSync(script)) return join(packageFolder(), "dist", "console");
  const folder = join(room, "dist");
  if (existsSync(join(folder, "index.html"))) return folder;
  import(script)
    .then(({ buildConsole }: { buildConsole: (folder: string) => Promise<unknown> }) => buildConsole(folder))
    .catch((thrown) => log(`the console isn't built: ${thrown instanceof Error ? thrown.message : thrown}`));
  return folder;
}
