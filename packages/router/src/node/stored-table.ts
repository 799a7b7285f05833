import { randomUUID, subtle } from "node:crypto";
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Fault } from "@sluice/kernel";
import type { RouteTable } from "../table.ts";

/** Entries as they are written, each made once: the next table has nearly all of them again. */
const encoded = new WeakMap<object, Buffer>();
const comma = Buffer.from(",");

function bytesOf({ services, virtualServices, ...rest }: RouteTable): Buffer<ArrayBuffer> {
  const head = JSON.stringify(rest).slice(0, -1);
  const parts: Buffer[] = [];
  const list = (name: string, entries: readonly object[], start: string): void => {
    parts.push(Buffer.from(`${start},"${name}":[`));
    for (const [index, entry] of entries.entries()) {
      if (index > 0) parts.push(comma);
      parts.push(entryBytes(entry));
    }
  };
  list("services", services, head);
  list("virtualServices", virtualServices, "]");
  parts.push(Buffer.from("]}"));
  return Buffer.concat(parts);
}

function entryBytes(entry: object): Buffer {
  let bytes = encoded.get(entry);
  if (bytes === undefined) {
    bytes = Buffer.from(JSON.stringify(entry));
    encoded.set(entry, bytes);
  }
  return bytes;
}

/** Off this thread, which has requests to route. */
const digestOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  Buffer.from(await subtle.digest("SHA-256", bytes)).toString("hex");

/** Stores a table so that after any crash the file holds this one whole, or the one before. */
export async function saveTable(file: string, table: RouteTable): Promise<void> {
  const bytes = bytesOf(table);
  const temporary = `${file}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${await digestOf(bytes)}\n`);
      await handle.writeFile(bytes);
      await handle.writeFile("\n");
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    const folder = await open(dirname(file), "r");
    await folder.sync().finally(() => folder.close());
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new Fault("unavailable", `the route table can't be stored: ${messageOf(cause)}`, { cause });
  }
}

/** So long nobody takes to write a table. */
const writingMillisMax = 60_000;

/** What a crash left half written, long before the table that is there. */
async function sweepHalves(file: string): Promise<void> {
  const folder = dirname(file);
  const whole = await stat(file).catch(() => undefined);
  if (whole === undefined) return;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(file)}.`) || !name.endsWith(".tmp")) continue;
    const half = await stat(join(folder, name)).catch(() => undefined);
    if (half !== undefined && half.mtimeMs + writingMillisMax < whole.mtimeMs)
      await rm(join(folder, name), { force: true });
  }
}

/**
 * The stored table; undefined where there is none, or where what is there isn't whole. Removes what crashes left of others.
 */
export async function loadTable(file: string): Promise<RouteTable | undefined> {
  // What can't be removed is no reason to route nothing.
  await sweepHalves(file).catch(() => {});
  let stored: string;
  try {
    stored = await readFile(file, "utf8");
  } catch {
    return undefined;
  }
  const [digest, text] = stored.split("\n", 2);
  if (text === undefined || (await digestOf(Buffer.from(text))) !== digest) return undefined;
  const table = JSON.parse(text) as RouteTable;
  return table.format === 1 ? table : undefined;
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
