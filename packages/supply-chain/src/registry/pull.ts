import { appendFile } from "node:fs/promises";
import { Fault } from "@sluice/kernel";
import { type ContentStore, sha256 } from "../image/content-store.ts";
import { type Descriptor, hostPlatform, type ImageIndex, type Manifest, mediaTypes } from "../image/oci.ts";
import { formatReference, type ImageReference } from "../image/reference.ts";

interface Credentials {
  readonly username: string;
  readonly password: string;
}

const accept = [mediaTypes.manifest, mediaTypes.index, mediaTypes.dockerManifest, mediaTypes.dockerIndex].join(", ");
const manifestBytesMax = 4 * 1024 * 1024;
const answerMillisMax = 15_000;

/**
 * Copies an image from another registry, with its blobs, and returns the digest that the reference named.
 * Faults: unavailable (no answer, 5xx), forbidden (401, 403), invalid (404, or content that isn't what its digest says).
 */
export async function pullImage(
  store: ContentStore,
  reference: ImageReference,
  repository: string,
  credentials: Credentials | undefined,
): Promise<string> {
  const source = new RemoteRegistry(reference, credentials);
  const named = reference.digest ?? reference.tag ?? "latest";
  const digest = await copyManifest(store, source, repository, named);
  if (reference.tag !== undefined) await store.setTag(repository, reference.tag, digest);
  return digest;
}

async function copyManifest(
  store: ContentStore,
  source: RemoteRegistry,
  repository: string,
  named: string,
): Promise<string> {
  const { content, mediaType } = await source.manifest(named);
  const digest = sha256(content);
  if (named.startsWith("sha256:") && named !== digest) {
    throw new Fault("invalid", `${source.name} answered ${digest} when asked for ${named}`);
  }
  const manifest = parseManifest(content, source.name);
  if ("manifests" in manifest) {
    const { os, architecture } = hostPlatform();
    const fitting = manifest.manifests.filter(
      ({ platform }) => platform?.os === os && platform.architecture === architecture,
    );
    if (fitting.length === 0) throw new Fault("forbidden", `${source.name} has no variant for ${os}/${architecture}`);
    for (const variant of fitting.slice(0, 1)) await copyManifest(store, source, repository, variant.digest);
  } else {
    for (const blob of [manifest.config, ...manifest.layers]) await copyBlob(store, source, blob);
  }
  await store.writeBlob(content);
  await store.linkManifest(repository, digest, mediaType);
  return digest;
}

function parseManifest(content: Buffer, name: string): Manifest | ImageIndex {
  try {
    const manifest = JSON.parse(content.toString("utf8")) as Partial<Manifest & ImageIndex>;
    if (Array.isArray(manifest.manifests)) return manifest as ImageIndex;
    if (manifest.config !== undefined && Array.isArray(manifest.layers)) return manifest as Manifest;
  } catch {
    // falls through to the one refusal
  }
  throw new Fault("invalid", `${name} answered something that is no image manifest`);
}

async function copyBlob(store: ContentStore, source: RemoteRegistry, { digest, size }: Descriptor): Promise<void> {
  if (await store.hasBlob(digest)) return;
  const upload = await store.beginUpload();
  let received = 0;
  for await (const chunk of await source.blob(digest)) {
    received += chunk.length;
    if (received > size) throw new Fault("invalid", `${source.name} sent more than the ${size} bytes of ${digest}`);
    await appendFile(store.uploadPath(upload), chunk);
  }
  await store.finishUpload(upload, digest);
}

class RemoteRegistry {
  readonly name: string;
  readonly #base: string;
  readonly #repository: string;
  readonly #credentials: Credentials | undefined;
  #authorization: string | undefined;

  constructor(reference: ImageReference, credentials: Credentials | undefined) {
    const host = reference.host ?? "";
    const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);
    this.name = formatReference(reference);
    this.#base = `${isLoopback ? "http" : "https"}://${host === "docker.io" ? "registry-1.docker.io" : host}`;
    this.#repository = reference.repository;
    this.#credentials = credentials;
  }

  async manifest(named: string): Promise<{ content: Buffer; mediaType: string }> {
    const response = await this.#get(`manifests/${named}`, accept);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > manifestBytesMax)
        throw new Fault("invalid", `${this.name}: the manifest is over ${manifestBytesMax} bytes`);
      chunks.push(chunk);
    }
    return { content: Buffer.concat(chunks), mediaType: response.headers.get("content-type") ?? mediaTypes.manifest };
  }

  async blob(digest: string): Promise<AsyncIterable<Uint8Array>> {
    return (await this.#get(`blobs/${digest}`, "*/*")).body ?? (async function* (): AsyncGenerator<Uint8Array> {})();
  }

  async #get(path: string, accepted: string): Promise<Response> {
    const url = `${this.#base}/v2/${this.#repository}/${path}`;
    let response = await this.#fetch(url, accepted);
    if (response.status === 401) {
      this.#authorization = await this.#authorize(response.headers.get("www-authenticate") ?? "");
      response = await this.#fetch(url, accepted);
    }
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404) throw new Fault("invalid", `${this.name} isn't in its registry (404)`);
    if (response.status === 401 || response.status === 403) {
      throw new Fault("forbidden", `${this.name}: the registry refuses (${response.status}); it needs credentials`);
    }
    throw new Fault("unavailable", `${this.name}: the registry answered ${response.status}`);
  }

  async #fetch(url: string, accepted: string): Promise<Response> {
    const headers: Record<string, string> = { accept: accepted };
    if (this.#authorization !== undefined) headers.authorization = this.#authorization;
    try {
      return await fetch(url, { headers, signal: AbortSignal.timeout(answerMillisMax) });
    } catch (cause) {
      const why =
        cause instanceof Error && cause.name === "TimeoutError"
          ? `no answer in ${answerMillisMax / 1000} s`
          : reasonOf(cause);
      throw new Fault("unavailable", `${this.name}: the registry can't be reached (${why})`, { cause });
    }
  }

  // https://distribution.github.io/distribution/spec/auth/token/
  async #authorize(challenge: string): Promise<string> {
    const basic =
      this.#credentials === undefined
        ? undefined
        : `Basic ${Buffer.from(`${this.#credentials.username}:${this.#credentials.password}`).toString("base64")}`;
    if (!/^bearer /i.test(challenge)) {
      if (basic === undefined) throw new Fault("forbidden", `${this.name}: the registry needs credentials`);
      return basic;
    }
    const parameters = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    );
    const url = new URL(parameters.realm ?? "");
    if (parameters.service !== undefined) url.searchParams.set("service", parameters.service);
    url.searchParams.set("scope", `repository:${this.#repository}:pull`);
    const response = await fetch(url, {
      ...(basic === undefined ? {} : { headers: { authorization: basic } }),
      signal: AbortSignal.timeout(answerMillisMax),
    }).catch((cause) => {
      throw new Fault("unavailable", `${this.name}: the token service can't be reached (${reasonOf(cause)})`, {
        cause,
      });
    });
    if (!response.ok) throw new Fault("forbidden", `${this.name}: the token service answered ${response.status}`);
    const answer = (await response.json()) as { token?: string; access_token?: string };
    return `Bearer ${answer.token ?? answer.access_token ?? ""}`;
  }
}

function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  return cause instanceof Error ? ("code" in cause ? String(cause.code) : cause.message) : String(cause);
}
