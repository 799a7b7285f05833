import { createHash, randomUUID } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "@sluice/kernel";
import type { RouteTable } from "../table.ts";

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The texts of entries, each made once: the next table has nearly all of them again. */
const texts = new WeakMap<object, string>();

function textOf({ services, virtualServices, ...rest }: RouteTable): string {
  const listed = (entries: readonly object[]) => `[${entries.map(entryText).join(",")}]`;
  const head = JSON.stringify(rest).slice(0, -1);
  return `${head},"services":${listed(services)},"virtualServices":${listed(virtualServices)}}`;
}

function entryText(entry: object): string {
  let text = texts.get(entry);
  if (text === undefined) {
    text = JSON.stringify(entry);
    texts.set(entry, text);
  }
  return text;
}

/** Stores a table so that after any crash the file holds this one whole, or the one before. */
export async function saveTable(file: string, table: RouteTable): Promise<void> {
  const text = textOf(table);
  const temporary = `${file}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${digestOf(text)}\n${text}\n`);
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

/** The stored table; undefined where there is none, or where what is there isn't whole. */
export async function loadTable(file: string): Promise<RouteTable | undefined> {
  let stored: string;
  try {
    stored = await readFile(file, "utf8");
  } catch {
    return undefined;
  }
  const [digest, text] = stored.split("\n", 2);
  if (text === undefined || digestOf(text) !== digest) return undefined;
  const table = JSON.parse(text) as RouteTable;
  return table.format === 1 ? table : undefined;
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
