import type { IncomingMessage, ServerResponse } from "node:http";

type Forward = (request: IncomingMessage, response: ServerResponse, path: string) => void;

export interface ConsoleHandlerOptions {
  readonly assetsFolder: string;
  readonly version: string;
  readonly upstream: Forward;
  readonly query: Forward;
}

export function createConsoleHandler(_options: ConsoleHandlerOptions) {
  return {
    handle(_request: IncomingMessage, response: ServerResponse): void {
      response.writeHead(404).end();
    },
    createLoginLink: (): string => "/login?key=none",
  };
}
