import http from "node:http";
import { atEnd } from "./fixture.ts";

export const pause = (wait: number) => new Promise((resolve) => setTimeout(resolve, wait));

interface Load {
  readonly codes: Map<string, number>;
  /** Until so many more requests have ended. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Requests without a break, on kept connections; every failure is noted by its code or error. */
export function load(port: number, clients = 16, method = "GET"): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const codes = new Map<string, number>();
  let isRunning = true;
  const note = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1);
  const client = async () => {
    while (isRunning) {
      await new Promise<void>((resolve) => {
        const body = method === "POST" ? "x".repeat(100) : undefined;
        const headers = { host: "shop", ...(body === undefined ? {} : { "content-length": body.length }) };
        const request = http.request({ port, host: "127.0.0.1", method, agent, headers }, (response) => {
          response.on("error", (error: NodeJS.ErrnoException) => note(error.code ?? error.message));
          response.on("end", () => note(String(response.statusCode)));
          response.on("close", resolve);
          response.resume();
        });
        request.on("error", (error: NodeJS.ErrnoException) => {
          // Node's client may meet a kept connection in the moment of its end; it says so, and callers try again.
          if (!(request.reusedSocket && error.code === "ECONNRESET")) note(error.code ?? error.message);
          resolve();
        });
        request.end(body);
      });
    }
  };
  const clientsRunning = Promise.all(Array.from({ length: clients }, client));
  const stop = async () => {
    isRunning = false;
    await clientsRunning;
    agent.destroy();
  };
  atEnd(stop);
  const more = async (count: number) => {
    const ended = () => [...codes.values()].reduce((sum, one) => sum + one, 0);
    const enough = ended() + count;
    while (ended() < enough) await pause(1);
  };
  return { codes, more, stop };
}
