import { writePrivateFile } from "./private-file.ts";

export interface KubeconfigEntry {
  /** `https://127.0.0.1:7443`. */
  readonly server: string;
  /** The authority's certificate, PEM. */
  readonly authority: string;
  readonly token: string;
  /** The name of cluster, user and context; default `sluice`. */
  readonly name?: string;
  /** Default `default`. */
  readonly namespace?: string;
}

/** A kubeconfig as kubectl, Helm and our own client read it. JSON is YAML, and needs no quoting rules. */
export function kubeconfigText(entry: KubeconfigEntry): string {
  const name = entry.name ?? "sluice";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: entry.server,
          "certificate-authority-data": Buffer.from(entry.authority).toString("base64"),
        },
      },
    ],
    users: [{ name, user: { token: entry.token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: entry.namespace ?? "default" } }],
    "current-context": name,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Mode 0600: it holds the token. */
export const writeKubeconfig = (path: string, entry: KubeconfigEntry): Promise<void> =>
  writePrivateFile(path, kubeconfigText(entry));
