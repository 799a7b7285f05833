import type { ChildProcess } from "node:child_process";
import { createServer, type Server } from "node:net";
import type { Router } from "@sluice/router/node";

/**
 * The control plane keeps a copy of the router's listening socket, of which it accepts nothing: while a killed agent is
 * started again, the system lets connections wait instead of refusing them, and the port stays the same.
 */
type Message = { readonly kept: "ready" } | { readonly kept: "none" } | { readonly kept: "socket" };

interface Handle {
  close(): void;
}

/** As the agents that fill up queue: see Router.listen. */
const backlog = 4096;

/** The control plane's side. One for all agents that follow each other. */
export class SocketKeeper {
  #handle: Handle | undefined;

  /** Gives the socket to an agent that was started with an IPC channel, or waits for the agent's. */
  serve(agent: ChildProcess): void {
    agent.on("error", () => {});
    agent.on("message", (message: Message, handle: unknown) => {
      if (message.kept === "socket" && handle !== undefined) {
        this.#handle?.close();
        this.#handle = handle as Handle;
      }
      if (message.kept !== "ready" || !agent.connected) return;
      if (this.#handle === undefined) agent.send({ kept: "none" } satisfies Message, () => {});
      else agent.send({ kept: "socket" } satisfies Message, this.#handle as never, () => {});
    });
    agent.channel?.unref();
  }

  close(): void {
    this.#handle?.close();
    this.#handle = undefined;
  }
}

/** The agent's side: goes on with the kept socket; false where there is none, and the router has to listen itself. */
export function adoptKept(router: Router): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isAdopted: boolean) => {
      process.off("message", onMessage);
      process.off("disconnect", onDisconnect);
      resolve(isAdopted);
    };
    const onDisconnect = () => settle(false);
    const onMessage = (message: Message, handle: unknown) => {
      if (message.kept === "none" || handle === undefined) return settle(false);
      const server = createServer();
      // Before it listens: connections wait already.
      router.adopt({ role: "router", server });
      server.once("listening", () => settle(true));
      server.listen(handle as object, backlog);
    };
    process.on("message", onMessage);
    process.once("disconnect", onDisconnect);
    send({ kept: "ready" });
  });
}

/** Gives the control plane its copy. Where that fails, the socket is only lost with this process, as any is. */
export function giveToKeeper(router: Router): void {
  const server = router.sockets.find(({ role }) => role === "router")?.server;
  // A copy that accepts: only the bare handle can be held without.
  const handle = (server as (Server & { readonly _handle?: unknown }) | undefined)?._handle;
  if (handle !== undefined && handle !== null) send({ kept: "socket" }, handle);
}

function send(message: Message, handle?: unknown): void {
  if (process.connected) process.send?.(message, handle as never, undefined, () => {});
}
