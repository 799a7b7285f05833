import type { Resource } from "@sluice/api";
import { parseRepositoryUrl, type RepositoryUrl } from "./repository-url.ts";

/** What Argo CD keeps in a Secret labelled `argocd.argoproj.io/secret-type`. Never logged. */
export interface RepositoryCredential {
  /** `repository` means exactly this URL; `repo-creds` every URL that begins with it. */
  readonly covers: "repository" | "repo-creds";
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly sshPrivateKey?: string;
  /** Accepts any certificate or host key. */
  readonly insecure?: boolean;
  readonly proxy?: string;
}

export interface CredentialFault {
  readonly secret: string;
  readonly field: string;
  readonly message: string;
}

const label = "argocd.argoproj.io/secret-type";
const unsupported = [
  "githubAppPrivateKey",
  "githubAppID",
  "gcpServiceAccountKey",
  "tlsClientCertData",
  "tlsClientCertKey",
  "useAzureWorkloadIdentity",
  "enableLfs",
] as const;

/**
 * Reads Argo CD's repository Secrets (https://argo-cd.readthedocs.io/en/stable/operator-manual/argocd-repositories-yaml/).
 * Other Secrets are passed over; a field that can't be honoured refuses its Secret by name.
 */
export function credentialsFromSecrets(secrets: readonly Resource[]): {
  readonly credentials: readonly RepositoryCredential[];
  readonly faults: readonly CredentialFault[];
} {
  const credentials: RepositoryCredential[] = [];
  const faults: CredentialFault[] = [];
  for (const secret of secrets) {
    const covers = secret.metadata.labels?.[label];
    if (covers !== "repository" && covers !== "repo-creds") continue;
    const name = `${secret.metadata.namespace ?? "default"}/${secret.metadata.name}`;
    const data = decoded(secret);
    const type = data.type ?? "git";
    if (type !== "git") {
      faults.push({
        secret: name,
        field: "type",
        message: `found ${type}, expected git; helm and oci are not supported yet`,
      });
      continue;
    }
    const refused = unsupported.find(
      (field) => data[field] !== undefined && data[field] !== "" && data[field] !== "false",
    );
    if (refused !== undefined) {
      const message = "not supported yet: use username and password, or sshPrivateKey";
      faults.push({ secret: name, field: refused, message });
      continue;
    }
    const url = data.url;
    if (url === undefined || url === "") {
      faults.push({ secret: name, field: "url", message: "is missing" });
      continue;
    }
    const isInsecure = data.insecure === "true" || data.insecureIgnoreHostKey === "true";
    credentials.push({
      covers,
      url,
      ...present("username", data.username),
      ...present("password", data.password),
      ...present("bearerToken", data.bearerToken),
      ...present("sshPrivateKey", data.sshPrivateKey),
      ...present("proxy", data.proxy),
      ...(isInsecure ? { insecure: true } : {}),
    });
  }
  return { credentials, faults };
}

/** As Argo CD chooses: the repository's own, else the longest `repo-creds` URL that it begins with. */
export function credentialFor(
  repository: RepositoryUrl,
  credentials: readonly RepositoryCredential[],
): RepositoryCredential | undefined {
  const own = credentials.find(({ covers, url }) => covers === "repository" && keyOf(url) === repository.key);
  if (own !== undefined && hasSecret(own)) return own;
  let best: RepositoryCredential | undefined;
  for (const credential of credentials) {
    if (credential.covers !== "repo-creds" || !isPrefix(keyOf(credential.url), repository.key)) continue;
    if (best === undefined || credential.url.length > best.url.length) best = credential;
  }
  if (best === undefined) return own;
  return { ...best, ...(own?.insecure ? { insecure: true } : {}), ...(own?.proxy ? { proxy: own.proxy } : {}) };
}

// Whole path segments only: a credential of host/team must not be sent to host/team-of-someone-else, nor of
// https://host to https://host.evil.example.
const isPrefix = (prefix: string, key: string): boolean =>
  key === prefix || key.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);

const hasSecret = ({ username, password, bearerToken, sshPrivateKey }: RepositoryCredential): boolean =>
  username !== undefined || password !== undefined || bearerToken !== undefined || sshPrivateKey !== undefined;

export const secretsOf = (credential: RepositoryCredential | undefined): readonly string[] =>
  [credential?.password, credential?.bearerToken, credential?.sshPrivateKey].filter((text) => text !== undefined);

function keyOf(url: string): string {
  try {
    return parseRepositoryUrl(url).key;
  } catch {
    return url;
  }
}

function decoded(secret: Resource): Readonly<Record<string, string | undefined>> {
  const { data = {}, stringData = {} } = secret as Resource & {
    readonly data?: Readonly<Record<string, string>>;
    readonly stringData?: Readonly<Record<string, string>>;
  };
  const plain: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) plain[key] = Buffer.from(value ?? "", "base64").toString("utf8");
  return { ...plain, ...stringData };
}

const present = <Name extends string>(name: Name, value: string | undefined): { [N in Name]?: string } =>
  value === undefined || value === "" ? {} : ({ [name]: value } as { [N in Name]?: string });
