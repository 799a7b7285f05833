import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Fault } from "@sluice/kernel";

/** How to reach one API server, and as whom. */
export interface KubeCredentials {
  /** `https://127.0.0.1:7443`, without a slash at the end. */
  readonly baseUrl: string;
  /** The authority to trust, PEM; absent: those of the system. */
  readonly ca?: string;
  readonly token?: string;
  /** A client certificate and its key, PEM. */
  readonly clientCertificate?: { readonly certificate: string; readonly key: string };
  /** The context's namespace; `default` where it names none. */
  readonly namespace: string;
}

type Entry = Readonly<Record<string, unknown>>;

/**
 * Reads a kubeconfig's current context, or the one named.
 * Faults: invalid, naming the field, where it isn't there, isn't readable or asks for what isn't supported
 * (exec and auth-provider plugins, user and password, plain http, insecure-skip-tls-verify, proxy-url).
 */
export async function loadKubeconfig(path: string, contextName?: string): Promise<KubeCredentials> {
  const config = await read(path);
  const name = contextName ?? text(config["current-context"]);
  if (name === undefined) throw invalid(path, "current-context", "nothing", "the name of a context");
  const context = named(path, config, "contexts", name, "context");
  const cluster = named(path, config, "clusters", text(context.cluster) ?? "", "cluster");
  const user = named(path, config, "users", text(context.user) ?? "", "user");
  const unsupported = ["exec", "auth-provider", "username", "password"].filter((field) => user[field] !== undefined);
  for (const field of unsupported)
    throw invalid(path, `users[${name}].${field}`, "it", "a token or a client certificate");
  for (const field of ["proxy-url", "insecure-skip-tls-verify"]) {
    if (cluster[field] !== undefined && cluster[field] !== false) {
      throw invalid(path, `clusters[${name}].${field}`, "it", "a direct connection that is verified");
    }
  }
  const server = text(cluster.server) ?? "";
  if (!server.startsWith("https://"))
    throw invalid(path, `clusters[${name}].server`, server || "nothing", "an https URL");
  const material = (entry: Entry, field: string) => fileOrData(path, entry, field);
  const ca = await material(cluster, "certificate-authority");
  const certificate = await material(user, "client-certificate");
  const key = await material(user, "client-key");
  const token = text(user.token) ?? (await tokenFile(path, user));
  return {
    baseUrl: server.replace(/\/+$/, ""),
    ...(ca === undefined ? {} : { ca }),
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined || key === undefined ? {} : { clientCertificate: { certificate, key } }),
    namespace: text(context.namespace) || "default",
  };
}

async function read(path: string): Promise<Entry> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (cause) {
    throw new Fault("invalid", `the kubeconfig ${path} can't be read: ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
    });
  }
  try {
    const config: unknown = await parsed(content);
    if (typeof config === "object" && config !== null) return config as Entry;
  } catch {
    // The parser's message quotes the file, and the file holds a token.
  }
  throw new Fault("invalid", `the kubeconfig ${path} is not YAML with an object in it`);
}

/** What Sluice writes is JSON; the YAML reader costs a command 30 ms. */
async function parsed(content: string): Promise<unknown> {
  if (content.startsWith("{")) {
    try {
      return JSON.parse(content);
    } catch {
      // A flow mapping of YAML, perhaps.
    }
  }
  return (await import("yaml")).parse(content);
}

function named(path: string, config: Entry, listName: string, name: string, field: string): Entry {
  const list = config[listName];
  const entry = (Array.isArray(list) ? (list as Entry[]) : []).find((each) => each?.name === name);
  const found = entry?.[field];
  if (typeof found === "object" && found !== null) return found as Entry;
  throw invalid(path, listName, `no entry ${JSON.stringify(name)}`, `an entry of that name with ${field}`);
}

async function fileOrData(path: string, entry: Entry, field: string): Promise<string | undefined> {
  const data = text(entry[`${field}-data`]);
  if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
  const file = text(entry[field]);
  return file === undefined ? undefined : readBeside(path, file, field);
}

async function tokenFile(path: string, user: Entry): Promise<string | undefined> {
  const file = text(user.tokenFile);
  return file === undefined ? undefined : (await readBeside(path, file, "tokenFile")).trim();
}

async function readBeside(path: string, file: string, field: string): Promise<string> {
  try {
    return await readFile(resolve(dirname(path), file), "utf8");
  } catch (cause) {
    throw new Fault("invalid", `the kubeconfig ${path} names a ${field} that can't be read`, { cause });
  }
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const invalid = (file: string, path: string, found: string, expected: string): Fault =>
  new Fault("invalid", `the kubeconfig ${file} can't be used: ${path}: found ${found}, expected ${expected}`, {
    violations: [{ path, found, expected }],
  });
