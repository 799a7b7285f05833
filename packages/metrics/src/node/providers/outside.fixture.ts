import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fault } from "@sluice/kernel";

const cleanups: (() => unknown)[] = [];
export const afterwards = (cleanup: () => unknown): void => void cleanups.push(cleanup);

/** After each test, what came last goes first. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

export const never = new AbortController().signal;

/** A server on this machine for one test: its address. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const piece of request) body += piece;
  return body;
}

export async function faultOf(attempt: Promise<unknown>): Promise<Pick<Fault, "kind" | "message">> {
  try {
    await attempt;
  } catch (thrown) {
    return { kind: (thrown as Fault).kind, message: (thrown as Fault).message };
  }
  throw new Error("it didn't fail");
}
