import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

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
    return [...readProcNet("/proc/net/tcp", ports), ...readProcNet("/proc/net/tcp6", ports)];
  }
  return readLsof(ports);
}

/** The owners, as `Listener.owner` names them, of everything in a process group. */
export function ownersOf(group: number): ReadonlySet<string> {
  return process.platform === "linux" ? socketsOfGroup(group) : new Set(pidsOfGroup(group));
}

const listening = "0A";

function readProcNet(file: string, ports: ReadonlySet<number>): Listener[] {
  let text: string;
  try {
    text = readFileSync(file, "latin1");
  } catch {
    return [];
  }
  const found: Listener[] = [];
  for (const line of text.split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields[3] !== listening) continue;
    const [hex, portHex] = (fields[1] ?? "").split(":");
    const port = Number.parseInt(portHex ?? "", 16);
    if (hex === undefined || !ports.has(port)) continue;
    found.push({ address: decodeAddress(hex), port, owner: fields[9] ?? "" });
  }
  return found;
}

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
