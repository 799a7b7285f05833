import { createHash } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RepositoryCredential } from "./credentials.ts";
import { type GitConfig, gitEnvironment } from "./environment.ts";
import type { RepositoryUrl } from "./repository-url.ts";

// Answers only `get`, from the environment; git asks it for the URL it is configured for and no other.
const helper =
  '!f() { test "$1" = get && printf \'username=%s\\npassword=%s\\n\' "$SLUICE_GIT_USERNAME" "$SLUICE_GIT_PASSWORD"; }; f';

/** How to talk to a repository: secrets go by environment or by a file of mode 0600, never by argv. */
export async function accessEnvironment(
  repository: RepositoryUrl,
  credential: RepositoryCredential | undefined,
  folder: string,
  globalConfig: string,
): Promise<NodeJS.ProcessEnv> {
  if (repository.is === "local") return gitEnvironment(globalConfig, "file");
  if (repository.protocol === "ssh") {
    const command = await sshCommand(credential, folder);
    return gitEnvironment(globalConfig, "ssh", [], { GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: "ssh" });
  }
  const base = `${repository.protocol}://${repository.host}`;
  const config: [string, string][] = [];
  const extra: Record<string, string> = {};
  if (credential?.insecure) config.push([`http.${base}.sslVerify`, "false"]);
  if (credential?.proxy !== undefined) config.push(["http.proxy", credential.proxy]);
  if (credential?.bearerToken !== undefined) {
    config.push([`http.${base}.extraHeader`, `Authorization: Bearer ${credential.bearerToken}`]);
  } else if (credential?.password !== undefined || credential?.username !== undefined) {
    config.push([`credential.${base}.helper`, helper]);
    extra.SLUICE_GIT_USERNAME = oneLine(credential.username ?? "git");
    extra.SLUICE_GIT_PASSWORD = oneLine(credential.password ?? "");
  }
  return gitEnvironment(globalConfig, "http:https", config satisfies GitConfig, extra);
}

const oneLine = (text: string): string => text.replace(/[\r\n\0]+$/, "").replace(/[\r\n\0]/g, "");

async function sshCommand(credential: RepositoryCredential | undefined, folder: string): Promise<string> {
  const options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5"];
  if (credential?.insecure) options.push("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null");
  if (credential?.sshPrivateKey !== undefined) {
    const keys = join(folder, "keys");
    await mkdir(keys, { recursive: true, mode: 0o700 });
    const key = `${credential.sshPrivateKey.trimEnd()}\n`;
    const file = join(keys, createHash("sha256").update(key).digest("hex").slice(0, 32));
    await writeFile(file, key, { mode: 0o600 });
    await chmod(file, 0o600);
    options.push("-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-i", `'${file.replaceAll("'", "'\\''")}'`);
  }
  return ["ssh", ...options].join(" ");
}
