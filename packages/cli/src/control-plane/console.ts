import type { IncomingMessage, ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import { createConsoleHandler } from "@sluice/console/server";
import { consoleFolder } from "../program.ts";
import type { Credentials } from "../state/credentials.ts";
import { version } from "../version.ts";

export interface ConsoleOptions {
  readonly credentials: Credentials;
  readonly api: { readonly url: string };
  readonly authority: string;
  readonly query: (request: IncomingMessage, response: ServerResponse) => void;
}

/** The console's pages and their way to the API: a browser's session stands for the admin's token. */
export async function serveConsole({ credentials, api, authority, query }: ConsoleOptions) {
  const handler = createConsoleHandler({
    assetsFolder: consoleFolder() ?? "",
    version: version(),
    upstream(request, response, path) {
      const { cookie: _, host: __, origin: ___, authorization: ____, ...headers } = request.headers;
      const forwarded = httpsRequest(
        new URL(path, api.url),
        {
          method: request.method,
          ca: authority,
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
