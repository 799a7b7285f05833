import { createServer } from "node:net";
import { fnv32a, utf8 } from "@sluice/kernel";

/** Pods: 127.128.0.0/10. Services have 127.64.0.0/10 (controllers/service). */
const podRange = { second: 128, size: 64 * 254 * 254 };

/** A loopback address for a Pod: a function of its uid, moved on while it is taken. */
export function podAddress(uid: string, isTaken: (address: string) => boolean): string {
  const start = fnv32a(utf8(uid)) % podRange.size;
  for (let step = 0; step < podRange.size; step++) {
    const address = nth((start + step) % podRange.size);
    if (!isTaken(address)) return address;
  }
  return "127.0.0.1";
}

function nth(index: number): string {
  const last = 1 + (index % 254);
  const third = 1 + (Math.floor(index / 254) % 254);
  return `127.${podRange.second + Math.floor(index / (254 * 254))}.${third}.${last}`;
}

/** Linux binds all of 127.0.0.0/8; macOS only what was configured. Asked once. */
export async function hasManyLoopbackAddresses(): Promise<boolean> {
  return canListen("127.128.0.1", 0);
}

export function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Below the ports that Linux (32768) and macOS (49152) give to outgoing connections: those may be taken at any instant. */
const portRange = { first: 20_000, size: 10_000 };

/** Free ports that stay free until their program binds them, but for programs that pick the same by hand. */
export async function choosePorts(
  seed: string,
  count: number,
  isTaken: (port: number) => boolean,
): Promise<readonly number[]> {
  const chosen: number[] = [];
  const start = fnv32a(utf8(seed)) % portRange.size;
  for (let step = 0; chosen.length < count && step < portRange.size; step++) {
    const port = portRange.first + ((start + step) % portRange.size);
    if (isTaken(port)) continue;
    if ((await canListen("0.0.0.0", port)) && (await canListen("127.0.0.1", port))) chosen.push(port);
  }
  return chosen;
}
