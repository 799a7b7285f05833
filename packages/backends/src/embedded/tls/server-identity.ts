import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, hours, type Instant, instant } from "@sluice/kernel";
import type { KeyAndCertificate } from "./mint.ts";
import { writePrivateFile } from "./private-file.ts";

/** What the https listener shows, and what its clients trust. PEM texts. */
export interface ServerIdentity {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const authorityLifetime = hours(24 * 3650);
const serverLifetime = hours(24 * 365);
const renewBefore = hours(24 * 30);

const names = [
  { type: "dns", value: "localhost" },
  { type: "ip", value: "127.0.0.1" },
  { type: "ip", value: "::1" },
  { type: "dns", value: "kubernetes" },
  { type: "dns", value: "kubernetes.default" },
  { type: "dns", value: "kubernetes.default.svc" },
  { type: "dns", value: "kubernetes.default.svc.cluster.local" },
] as const;

/**
 * The authority and the certificate kept in `folder` (each file 0600), made where they are absent, unreadable as
 * what they should be, or within 30 days of their end. A kept authority is never replaced while it is good, so that
 * kubeconfigs written earlier go on working.
 */
export async function serverIdentity(folder: string, now: Instant): Promise<ServerIdentity> {
  const authority = await kept(folder, "authority", now, () => true);
  if (authority === undefined) return renew(folder, now);
  const server = await kept(folder, "server", now, (certificate) =>
    certificate.checkIssued(new X509Certificate(authority.certificate)),
  );
  return server === undefined ? renew(folder, now, authority) : identity(authority, server);
}

async function renew(folder: string, now: Instant, known?: KeyAndCertificate): Promise<ServerIdentity> {
  // Loaded only now: the library costs a start 50 ms, and a start rarely needs it.
  const { mintAuthority, mintServer } = await import("./mint.ts");
  const authority = known ?? (await mintAuthority("sluice-authority", now, authorityLifetime));
  const server = await mintServer(authority, names, now, serverLifetime);
  if (known === undefined) await keep(folder, "authority", authority);
  await keep(folder, "server", server);
  return identity(authority, server);
}

const identity = (authority: KeyAndCertificate, server: KeyAndCertificate): ServerIdentity => ({
  authority: authority.certificate,
  certificate: server.certificate,
  key: server.key,
});

type Part = "authority" | "server";

async function kept(
  folder: string,
  part: Part,
  now: Instant,
  isRight: (certificate: X509Certificate) => boolean,
): Promise<KeyAndCertificate | undefined> {
  const [key, certificate] = await Promise.all([read(join(folder, `${part}.key`)), read(join(folder, `${part}.crt`))]);
  if (key === undefined || certificate === undefined) return undefined;
  try {
    const parsed = new X509Certificate(certificate);
    const ends = instant(Date.parse(parsed.validTo));
    const fits = parsed.checkPrivateKey(createPrivateKey(key)) && isRight(parsed);
    if (!fits || ends < after(now, renewBefore) || Date.parse(parsed.validFrom) > now) return undefined;
    await chmod(join(folder, `${part}.key`), 0o600);
    return { key, certificate };
  } catch {
    return undefined; // Half a file from a crash, or no PEM at all: made anew.
  }
}

async function keep(folder: string, part: Part, pair: KeyAndCertificate): Promise<void> {
  await writePrivateFile(join(folder, `${part}.key`), pair.key);
  await writePrivateFile(join(folder, `${part}.crt`), pair.certificate);
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
