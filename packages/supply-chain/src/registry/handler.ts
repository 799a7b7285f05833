import { timingSafeEqual } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { toFault } from "@sluice/kernel";
import { type ContentStore, sha256 } from "../image/content-store.ts";
import { type ImageIndex, type Manifest, mediaTypes } from "../image/oci.ts";
import { isDigest, isRepository, isTag } from "../image/reference.ts";

export interface RegistryOptions {
  readonly store: ContentStore;
  readonly username: string;
  readonly password: string;
  /** Told when a tag moves. */
  readonly onPush?: (repository: string, reference: string, digest: string) => void;
}

const manifestBytesMax = 4 * 1024 * 1024;

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#errors */
type ErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "SIZE_INVALID"
  | "UNAUTHORIZED"
  | "UNSUPPORTED";

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly repository: string;
  readonly reference: string;
  readonly query: URLSearchParams;
}

/**
 * The OCI distribution API over a content store, for `/v2/…` of an HTTP server. Basic credentials on every call.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export function createRegistryHandler({ store, username, password, onPush }: RegistryOptions) {
  const expected = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`);

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader("docker-distribution-api-version", "registry/2.0");
    const given = Buffer.from(request.headers.authorization ?? "");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      response.setHeader("www-authenticate", 'Basic realm="sluice"');
      return refuse(response, 401, "UNAUTHORIZED", "credentials are needed: see `sluice status`");
    }
    try {
      await dispatch(request, response);
    } catch (thrown) {
      const fault = toFault(thrown);
      if (response.headersSent) response.destroy();
      else if (fault.kind === "invalid") refuse(response, 400, "DIGEST_INVALID", fault.message);
      else refuse(response, 500, "UNSUPPORTED", fault.message);
    }
  };

  async function dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://registry");
    const path = url.pathname;
    const method = request.method ?? "GET";
    if (path === "/v2/" || path === "/v2") return answer(response, 200, {});
    if (path === "/v2/_catalog")
      return answer(response, 200, page({ repositories: await store.repositories() }, url, response));
    const match = /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|tags|referrers)\/([^/]*)$/.exec(path);
    const [, repository = "", what = "", reference = ""] = match ?? [];
    if (!isRepository(repository)) return refuse(response, 404, "NAME_INVALID", `${path} names no repository`);
    const call: Call = { request, response, method, repository, reference, query: url.searchParams };
    if (what === "tags" && reference === "list") return listTags(call, url);
    if (what === "manifests") return manifests(call);
    if (what === "blobs") return blobs(call);
    if (what === "blobs/uploads") return uploads(call);
    if (what === "referrers") return referrers(call);
    return refuse(response, 404, "UNSUPPORTED", `${path} isn't part of the API`);
  }

  async function listTags({ repository, response }: Call, url: URL): Promise<void> {
    const tags = await store.tags(repository);
    if (tags.length === 0 && (await store.manifests(repository)).length === 0) {
      return refuse(response, 404, "NAME_INVALID", `no repository ${repository}`);
    }
    answer(response, 200, { name: repository, ...page({ tags }, url, response) });
  }

  async function manifests(call: Call): Promise<void> {
    const { method, repository, reference, response } = call;
    if (method === "PUT") return putManifest(call);
    const digest = isDigest(reference) ? reference : await store.resolveTag(repository, reference);
    const mediaType = digest === undefined ? undefined : await store.manifestType(repository, digest);
    if (digest === undefined || mediaType === undefined) {
      return refuse(response, 404, "MANIFEST_UNKNOWN", `${repository} has no ${reference}`);
    }
    if (method === "DELETE") {
      if (isDigest(reference)) await store.unlinkManifest(repository, digest);
      else await store.deleteTag(repository, reference);
      return answer(response, 202);
    }
    if (method !== "GET" && method !== "HEAD") return refuse(response, 405, "UNSUPPORTED", `${method} on a manifest`);
    const content = (await store.readBlob(digest)) ?? Buffer.alloc(0);
    response.writeHead(200, {
      "content-type": mediaType,
      "content-length": content.length,
      "docker-content-digest": digest,
      etag: `"${digest}"`,
    });
    response.end(method === "HEAD" ? undefined : content);
  }

  async function putManifest({ request, response, repository, reference }: Call): Promise<void> {
    const content = await readBody(request, manifestBytesMax);
    if (content === undefined)
      return refuse(response, 413, "SIZE_INVALID", `a manifest is at most ${manifestBytesMax} bytes`);
    if (!isDigest(reference) && !isTag(reference))
      return refuse(response, 400, "MANIFEST_INVALID", `${reference} is no tag`);
    const digest = sha256(content);
    if (isDigest(reference) && reference !== digest) {
      return refuse(response, 400, "DIGEST_INVALID", `the manifest has digest ${digest}`);
    }
    let manifest: Partial<Manifest & ImageIndex>;
    try {
      manifest = JSON.parse(content.toString("utf8")) as Partial<Manifest & ImageIndex>;
    } catch {
      return refuse(response, 400, "MANIFEST_INVALID", "the manifest is no JSON");
    }
    for (const needed of [...(manifest.layers ?? []), ...(manifest.config === undefined ? [] : [manifest.config])]) {
      if (!(await store.hasBlob(needed.digest))) {
        return refuse(response, 404, "MANIFEST_BLOB_UNKNOWN", `${needed.digest} isn't here yet`);
      }
    }
    const mediaType = request.headers["content-type"] ?? manifest.mediaType ?? mediaTypes.manifest;
    await store.writeBlob(content);
    await store.linkManifest(repository, digest, mediaType);
    if (isTag(reference) && !isDigest(reference)) await store.setTag(repository, reference, digest);
    onPush?.(repository, reference, digest);
    if (manifest.subject !== undefined) response.setHeader("oci-subject", manifest.subject.digest);
    response.setHeader("docker-content-digest", digest);
    response.setHeader("location", `/v2/${repository}/manifests/${digest}`);
    answer(response, 201);
  }

  async function blobs({ request, response, method, reference }: Call): Promise<void> {
    const size = isDigest(reference) ? await store.blobSize(reference) : undefined;
    if (size === undefined) return refuse(response, 404, "BLOB_UNKNOWN", `no blob ${reference.slice(0, 80)}`);
    if (method === "DELETE") {
      await store.deleteBlob(reference);
      return answer(response, 202);
    }
    if (method !== "GET" && method !== "HEAD") return refuse(response, 405, "UNSUPPORTED", `${method} on a blob`);
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = range === null ? 0 : Number(range[1]);
    const end = range === null || range[2] === "" ? size - 1 : Math.min(Number(range[2]), size - 1);
    if (start > end && size > 0) {
      response.setHeader("content-range", `bytes */${size}`);
      return refuse(response, 416, "SIZE_INVALID", "no such range");
    }
    response.writeHead(range === null ? 200 : 206, {
      "content-type": "application/octet-stream",
      "content-length": size === 0 ? 0 : end - start + 1,
      "docker-content-digest": reference,
      "accept-ranges": "bytes",
      ...(range === null ? {} : { "content-range": `bytes ${start}-${end}/${size}` }),
    });
    if (method === "HEAD" || size === 0) response.end();
    else await pipeline(store.streamBlob(reference, { start, end }), response);
  }

  async function uploads(call: Call): Promise<void> {
    const { request, response, method, repository, reference, query } = call;
    if (method === "POST" && reference === "") {
      const mounted = query.get("mount");
      if (mounted !== null && isDigest(mounted) && (await store.hasBlob(mounted))) return created(call, mounted);
      const id = await store.beginUpload();
      if (query.has("digest")) return finish(call, id);
      response.setHeader("location", `/v2/${repository}/blobs/uploads/${id}`);
      response.setHeader("docker-upload-uuid", id);
      response.setHeader("range", "0-0");
      return answer(response, 202);
    }
    const size = await uploadSize(reference);
    if (size === undefined) return refuse(response, 404, "BLOB_UPLOAD_UNKNOWN", "no such upload");
    if (method === "PUT") return finish(call, reference);
    if (method === "DELETE") {
      await rm(store.uploadPath(reference), { force: true });
      return answer(response, 204);
    }
    if (method === "PATCH") {
      const range = /^(?:bytes )?(\d+)-\d+/.exec(request.headers["content-range"] ?? "");
      if (range !== null && Number(range[1]) !== size)
        return refuse(response, 416, "SIZE_INVALID", `the upload stands at ${size}`);
      await append(request, reference);
    } else if (method !== "GET") return refuse(response, 405, "UNSUPPORTED", `${method} on an upload`);
    response.setHeader("location", `/v2/${repository}/blobs/uploads/${reference}`);
    response.setHeader("docker-upload-uuid", reference);
    response.setHeader("range", `0-${Math.max(0, ((await uploadSize(reference)) ?? 0) - 1)}`);
    answer(response, method === "GET" ? 204 : 202);
  }

  async function finish(call: Call, id: string): Promise<void> {
    const digest = call.query.get("digest") ?? "";
    if (!isDigest(digest)) return refuse(call.response, 400, "DIGEST_INVALID", "a sha256 digest is needed");
    await append(call.request, id);
    await store.finishUpload(id, digest);
    created(call, digest);
  }

  async function append(request: IncomingMessage, id: string): Promise<void> {
    await pipeline(request, createWriteStream(store.uploadPath(id), { flags: "a" }));
  }

  async function uploadSize(id: string): Promise<number | undefined> {
    try {
      return (await stat(store.uploadPath(id))).size;
    } catch {
      return undefined;
    }
  }

  function created({ response, repository }: Call, digest: string): void {
    response.setHeader("location", `/v2/${repository}/blobs/${digest}`);
    response.setHeader("docker-content-digest", digest);
    answer(response, 201);
  }

  async function referrers({ response, repository, reference }: Call): Promise<void> {
    const found: object[] = [];
    for (const digest of await store.manifests(repository)) {
      const content = await store.readBlob(digest);
      const manifest = JSON.parse(content?.toString("utf8") ?? "{}") as Partial<Manifest>;
      if (manifest.subject?.digest !== reference) continue;
      found.push({
        mediaType: manifest.mediaType ?? mediaTypes.manifest,
        digest,
        size: content?.length ?? 0,
        artifactType: manifest.artifactType ?? manifest.config?.mediaType,
        ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
      });
    }
    answer(response, 200, { schemaVersion: 2, mediaType: mediaTypes.index, manifests: found }, mediaTypes.index);
  }
}

function page<T extends Record<string, string[]>>(listing: T, url: URL, response: ServerResponse): T {
  const [name = "", items = []] = Object.entries(listing)[0] ?? [];
  const last = url.searchParams.get("last");
  const rest = last === null ? items : items.filter((item) => item > last);
  const limit = url.searchParams.has("n") ? Math.max(0, Number(url.searchParams.get("n")) || 0) : rest.length;
  const shown = rest.slice(0, limit);
  if (shown.length < rest.length && shown.length > 0) {
    response.setHeader("link", `<${url.pathname}?n=${limit}&last=${shown.at(-1)}>; rel="next"`);
  }
  return { [name]: shown } as T;
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, body?: object, type = "application/json"): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(response.req.method === "HEAD" ? undefined : text);
}

function refuse(response: ServerResponse, status: number, code: ErrorCode, message: string): void {
  answer(response, status, { errors: [{ code, message }] });
}
