import type { ChildProcess } from "node:child_process";
import type { Server, Socket } from "node:net";
import { Fault, type Millis, seconds } from "@sluice/kernel";

type Message =
  | { readonly handOver: "ready" }
  | { readonly handOver: "server"; readonly name: string }
  | { readonly handOver: "all" }
  | { readonly handOver: "serving" };

const patience = seconds(30);

/**
 * Gives listening sockets to the next agent, which was started with an IPC channel. Both accept until the successor
 * says that it serves; then this resolves, and the caller closes its servers: no connection finds nobody.
 * Fault `unavailable`: the successor ended or said nothing in time; nothing has changed here.
 */
export function handOver(
  successor: ChildProcess,
  servers: Readonly<Record<string, Server>>,
  { timeout = patience }: { timeout?: Millis } = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      successor.off("message", onMessage);
      successor.off("exit", onExit);
      settle();
    };
    const fail = (message: string) => finish(() => reject(new Fault("unavailable", message)));
    const timer = setTimeout(() => fail("the successor didn't take over in time"), timeout);
    const onExit = () => fail("the successor ended before it took over");
    const onMessage = (message: unknown) => {
      const step = stepOf(message);
      if (step === "ready") {
        for (const [name, server] of Object.entries(servers)) successor.send({ handOver: "server", name }, server);
        successor.send({ handOver: "all" });
      }
      if (step === "serving") finish(resolve);
    };
    successor.on("message", onMessage);
    successor.once("exit", onExit);
  });
}

/** A socket that another process listened on. */
export interface TakenServer {
  readonly server: Server;
  /** Every connection, also those that came while nobody was ready for them. Once. */
  attach(onConnection: (socket: Socket) => void): void;
}

export interface TakenOver {
  readonly servers: ReadonlyMap<string, TakenServer>;
  /** Call when all servers are attached: the predecessor stops accepting then. */
  confirm(): void;
}

/** Undefined where this process was started with nobody to take over from. */
export async function takeOver(): Promise<TakenOver | undefined> {
  const send = process.send?.bind(process);
  if (send === undefined) return undefined;
  const servers = new Map<string, TakenServer>();
  const all = new Promise<void>((resolve) => {
    const onMessage = (message: unknown, handle: unknown) => {
      const step = stepOf(message);
      if (step === "server") servers.set((message as { readonly name: string }).name, taken(handle as Server));
      if (step !== "all") return;
      process.off("message", onMessage);
      resolve();
    };
    process.on("message", onMessage);
  });
  send({ handOver: "ready" } satisfies Message);
  await all;
  return { servers, confirm: () => void send({ handOver: "serving" } satisfies Message) };
}

function taken(server: Server): TakenServer {
  const early: Socket[] = [];
  const keep = (socket: Socket) => {
    early.push(socket);
  };
  server.on("connection", keep);
  return {
    server,
    attach(onConnection) {
      server.off("connection", keep);
      server.on("connection", onConnection);
      for (const socket of early.splice(0)) onConnection(socket);
    },
  };
}

const stepOf = (message: unknown): Message["handOver"] | undefined =>
  typeof message === "object" && message !== null && "handOver" in message
    ? (message.handOver as Message["handOver"])
    : undefined;
