import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";

export interface Asset {
  readonly body: Buffer;
  readonly type: string;
}

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".map": "application/json",
};

/** A file of the build whose name holds its hash; undefined for any other name. */
export async function readAsset(folder: string, name: string): Promise<Asset | undefined> {
  const type = types[extname(name)];
  if (type === undefined || !/^[\w-]+(\.[\w-]+)+$/.test(name)) return undefined;
  const body = await readOptional(join(folder, "assets", name));
  return body === undefined ? undefined : { body, type };
}

/** The page; undefined where the console isn't built. */
export async function readPage(folder: string): Promise<Asset | undefined> {
  const body = await readOptional(join(folder, "index.html"));
  return body === undefined ? undefined : { body, type: "text/html; charset=utf-8" };
}

async function readOptional(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
}
