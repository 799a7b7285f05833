import { linkSync, rmSync, writeFileSync } from "node:fs";
import { Fault } from "@sluice/kernel";
import { readText } from "./files/atomic.ts";
import { formatIdentity, identify, isAlive, parseIdentity } from "./process/identity.ts";

/** One agent a state folder. A lock whose owner is dead is no lock. */
export interface Lock {
  release(): void;
}

/** Fault `conflict`: another agent holds it; the message names its pid. */
export function takeLock(file: string): Lock {
  const own = identify(process.pid);
  if (own === undefined) throw new Fault("bug", "this process can't be identified");
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, formatIdentity(own), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        linkSync(mine, file);
        return { release: () => releaseOwn(file, formatIdentity(own)) };
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
        const holder = parseIdentity(readText(file) ?? "");
        if (holder !== undefined && isAlive(holder)) {
          throw new Fault("conflict", `an agent (pid ${holder.pid}) already works on this state folder`);
        }
        rmSync(file, { force: true });
      }
    }
    throw new Fault("conflict", "another agent took this state folder at the same moment");
  } finally {
    rmSync(mine, { force: true });
  }
}

function releaseOwn(file: string, own: string): void {
  if (readText(file) === own) rmSync(file, { force: true });
}
