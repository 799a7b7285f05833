import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";

export interface Listener {
  /** `0.0.0.0` and `::` are every address. */
  readonly address: string;
  readonly port: number;
  /** Linux: the socket's inode. Elsewhere: the pid that listens. */
  readonly owner: string;
}

/** Every TCP socket of this machine that listens on one of these ports. */
export function listenersOn(ports: ReadonlySet<number>): Listener[] {
  if (process.platform === "linux") {
    const found = readProcNet("/proc/net/tcp", ports);
    return hasSockets6() ? [...found, ...readProcNet("/proc/net/tcp6", ports)] : found;
  }
  return readLsof(ports);
}

/** The owners, as `Listener.owner` names them, of everything in a process group. */
export function ownersOf(group: number): ReadonlySet<string> {
  return process.platform === "linux" ? socketsOfGroup(group) : new Set(pidsOfGroup(group));
}

const listening = "0A";

function readProcNet(file: string, ports: ReadonlySet<number>): Listener[] {
  const found: Listener[] = [];
  for (const line of listeningLines(file)) {
    const fields = line.trim().split(/\s+/);
    const [hex, portHex] = (fields[1] ?? "").split(":");
    const port = Number.parseInt(portHex ?? "", 16);
    if (hex === undefined || !ports.has(port)) continue;
    found.push({ address: decodeAddress(hex), port, owner: fields[9] ?? "" });
  }
  return found;
}

/**
 * The kernel tells of what listens before it tells of any connection, and works a piece out when it is read: a machine
 * with many connections costs no more than one with few.
 */
function listeningLines(file: string): string[] {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return [];
  }
  const piece = Buffer.alloc(16_384);
  const lines: string[] = [];
  let rest = "";
  let isHeader = true;
  try {
    for (let length = readSync(descriptor, piece); length > 0; length = readSync(descriptor, piece)) {
      const whole = (rest + piece.toString("latin1", 0, length)).split("\n");
      rest = whole.pop() ?? "";
      for (const line of whole) {
        if (isHeader) isHeader = false;
        else if (stateOf(line) === listening) lines.push(line);
        else return lines;
      }
    }
  } finally {
    closeSync(descriptor);
  }
  return lines;
}

/** Without any, the kernel would look through its whole table of connections to say so. */
function hasSockets6(): boolean {
  try {
    return !/^TCP6: inuse 0$/m.test(readFileSync("/proc/net/sockstat6", "latin1"));
  } catch {
    return true;
  }
}

const stateOf = (line: string): string | undefined => line.trim().split(/\s+/, 4)[3];

// Words of 32 bits, each in the machine's order; every machine we run on is little-endian.
function decodeAddress(hex: string): string {
  const bytes = hex.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  const words = Array.from({ length: bytes.length / 4 }, (_, word) => bytes.slice(word * 4, word * 4 + 4).reverse());
  const ordered = words.flat();
  if (ordered.length === 4) return ordered.join(".");
  if (ordered.every((byte) => byte === 0)) return "::";
  if (ordered.slice(0, 15).every((byte) => byte === 0) && ordered[15] === 1) return "::1";
  const isMapped = ordered.slice(0, 10).every((byte) => byte === 0) && ordered[10] === 255 && ordered[11] === 255;
  return isMapped ? ordered.slice(12).join(".") : "other";
}

function socketsOfGroup(group: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const pid of pidsOfGroup(group)) {
    try {
      for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(tryReadLink(`/proc/${pid}/fd/${descriptor}`))?.[1];
        if (inode !== undefined) inodes.add(inode);
      }
    } catch {
      // It ended meanwhile.
    }
  }
  return inodes;
}

function pidsOfGroup(group: number): string[] {
  if (process.platform !== "linux") {
    return output("/bin/ps", ["-o", "pid=", "-g", String(group)])
      .split(/\s+/)
      .filter((pid) => pid !== "");
  }
  return readdirSync("/proc").filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "latin1");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2] === String(group);
    } catch {
      return false;
    }
  });
}

function readLsof(ports: ReadonlySet<number>): Listener[] {
  if (ports.size === 0) return [];
  const found: Listener[] = [];
  let owner = "";
  const selection = [...ports].map((port) => `-iTCP:${port}`);
  for (const line of output("/usr/sbin/lsof", ["-nP", ...selection, "-sTCP:LISTEN", "-Fpn"]).split("\n")) {
    if (line.startsWith("p")) owner = line.slice(1);
    const match = /^n(.*):(\d+)$/.exec(line);
    if (match === null) continue;
    const host = match[1] === "*" ? "0.0.0.0" : (match[1] ?? "").replace(/^\[|\]$/g, "");
    found.push({ address: host, port: Number(match[2]), owner });
  }
  return found;
}

function tryReadLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function output(command: string, parameters: readonly string[]): string {
  try {
    return execFileSync(command, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}
