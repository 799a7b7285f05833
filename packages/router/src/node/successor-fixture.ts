// For tests: a router in a process of its own that goes on with the sockets it is sent.
import type { Server } from "node:net";
import type { RouteTable } from "../table.ts";
import { realClock } from "./fixture.ts";
import { createRouter } from "./router.ts";

const router = createRouter({ clock: realClock });

process.on("message", (message: { role?: string; table?: RouteTable; isEnd?: true }, handle) => {
  if (message.table !== undefined) router.apply(message.table);
  if (message.role !== undefined) {
    router.adopt({ role: message.role, server: handle as Server });
    process.send?.({ adopted: message.role });
  }
  if (message.isEnd === true) {
    process.send?.({ requests: router.stats.requests }, () => process.exit(0));
  }
});
