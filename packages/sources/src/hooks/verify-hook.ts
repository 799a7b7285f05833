import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The shared secrets of Argo CD's argocd-secret: webhook.github.secret, webhook.gitlab.secret, webhook.gogs.secret. */
export interface HookSecrets {
  readonly github?: string;
  readonly gitlab?: string;
  /** Gitea, Forgejo and Gogs. */
  readonly gitea?: string;
}

export type HookVerdict =
  /** Every URL by which an Application may name the repository. */
  | { readonly is: "push"; readonly repositories: readonly string[]; readonly ref: string | undefined }
  /** Rightly signed, but nothing that changes a ref (a ping, an issue). */
  | { readonly is: "ignored"; readonly event: string }
  | { readonly is: "refused"; readonly status: 400 | 401; readonly reason: string };

type Forge = keyof HookSecrets;

const refused = (status: 400 | 401, reason: string): HookVerdict => ({ is: "refused", status, reason });

/**
 * Checks a forge's signature over the raw body, in constant time, before a byte of it is read.
 * Pure. GitHub: X-Hub-Signature-256; GitLab: X-Gitlab-Token; Gitea: X-Gitea-Signature (or X-Gogs-Signature).
 */
export function verifyHook(headers: IncomingHttpHeaders, body: Buffer, secrets: HookSecrets): HookVerdict {
  const forge = forgeOf(headers);
  if (forge === undefined) return refused(400, "no event header of GitHub, GitLab or Gitea");
  const secret = secrets[forge];
  if (secret === undefined || secret === "") return refused(401, `no webhook secret is set for ${forge}`);
  if (!isSigned(forge, headers, body, secret)) return refused(401, "the signature doesn't match");
  const event = eventOf(forge, headers);
  if (!/^(push|create|delete|Push Hook|Tag Push Hook|System Hook)$/.test(event)) return { is: "ignored", event };
  let payload: unknown;
  try {
    payload = JSON.parse(body.toString("utf8"));
  } catch {
    return refused(400, "the body is no JSON");
  }
  if (typeof payload !== "object" || payload === null) return refused(400, "the body is no JSON object");
  const { repository, project, ref } = payload as Record<string, unknown>;
  const repositories = [...urlsOf(repository), ...urlsOf(project)];
  if (repositories.length === 0) return refused(400, "the body names no repository");
  return { is: "push", repositories: [...new Set(repositories)], ref: typeof ref === "string" ? ref : undefined };
}

// Gitea also sends GitHub's headers, so it is asked for first.
function forgeOf(headers: IncomingHttpHeaders): Forge | undefined {
  if (headers["x-gitea-event"] !== undefined || headers["x-gogs-event"] !== undefined) return "gitea";
  if (headers["x-gitlab-event"] !== undefined) return "gitlab";
  return headers["x-github-event"] === undefined ? undefined : "github";
}

function eventOf(forge: Forge, headers: IncomingHttpHeaders): string {
  const names = { github: ["x-github-event"], gitlab: ["x-gitlab-event"], gitea: ["x-gitea-event", "x-gogs-event"] }[
    forge
  ];
  return names.map((name) => text(headers[name])).find((event) => event !== "") ?? "";
}

function isSigned(forge: Forge, headers: IncomingHttpHeaders, body: Buffer, secret: string): boolean {
  const hmac = () => createHmac("sha256", secret).update(body).digest("hex");
  switch (forge) {
    case "github":
      return same(text(headers["x-hub-signature-256"]), `sha256=${hmac()}`);
    case "gitlab":
      return same(text(headers["x-gitlab-token"]), secret);
    case "gitea":
      return same(text(headers["x-gitea-signature"]) || text(headers["x-gogs-signature"]), hmac());
  }
}

// Both sides are hashed first: comparing takes the same time whatever the lengths.
function same(given: string, expected: string): boolean {
  const digest = (value: string) => createHmac("sha256", "compare").update(value).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

const text = (header: string | string[] | undefined): string => (Array.isArray(header) ? header[0] : header) ?? "";

function urlsOf(repository: unknown): string[] {
  if (typeof repository !== "object" || repository === null) return [];
  const named = repository as Record<string, unknown>;
  return [
    "clone_url",
    "ssh_url",
    "html_url",
    "git_url",
    "git_http_url",
    "git_ssh_url",
    "http_url",
    "web_url",
    "homepage",
    "url",
  ]
    .map((name) => named[name])
    .filter((url): url is string => typeof url === "string" && url !== "");
}
