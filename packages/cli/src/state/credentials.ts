import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";

/** Every secret of one state folder. Never printed whole, never logged. */
export interface Credentials {
  readonly adminToken: string;
  readonly agentToken: string;
  /** What a browser's one-time link is made from. */
  readonly consoleToken: string;
  readonly registryPassword: string;
  readonly queryToken: string;
  /** The secret that a forge signs its webhooks with. */
  readonly hookSecret: string;
}

const names = ["adminToken", "agentToken", "consoleToken", "registryPassword", "queryToken", "hookSecret"] as const;

/** Reads the credentials, making those that are missing. */
export async function loadCredentials(path: string): Promise<Credentials> {
  const known = await readFile(path, "utf8").then(
    (text) => JSON.parse(text) as Partial<Credentials>,
    () => ({}) as Partial<Credentials>,
  );
  const complete = Object.fromEntries(
    names.map((name) => [name, known[name] ?? randomBytes(24).toString("base64url")]),
  );
  if (names.some((name) => known[name] === undefined)) {
    await writeFile(`${path}.new`, `${JSON.stringify(complete, null, 2)}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
  return complete as unknown as Credentials;
}
