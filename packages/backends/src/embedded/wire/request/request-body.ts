import type { IncomingMessage } from "node:http";
import { ApiFault, type Schema } from "@sluice/api";
import type { Bytes } from "@sluice/kernel";
import { inspectJson } from "./json-guard.ts";
import type { WireLimits } from "./limits.ts";
import { decodeMessage, openEnvelope } from "./protobuf.ts";

/** The bytes of a body, or its refusal as soon as it is known to be too large. Faults: RequestEntityTooLarge, BadRequest. */
export async function readBody(request: IncomingMessage, most: Bytes): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > most) throw tooLarge(most);
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new ApiFault("UnsupportedMediaType", `content-encoding ${encoding} is not served: send the body as it is`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  // By hand: leaving a `for await` early would destroy the request, and with it the way back for the refusal.
  return new Promise((resolve, reject) => {
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= most) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge(most));
      }
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", () => reject(new ApiFault("BadRequest", "the body of the request was cut off")));
    request.on("close", () => reject(new ApiFault("BadRequest", "the body of the request was cut off")));
  });
}

const tooLarge = (most: Bytes) => new ApiFault("RequestEntityTooLarge", `Request entity too large: limit is ${most}`);

export interface DecodedBody {
  readonly value: unknown;
  /** Paths of keys that stand there more than once; the last one counts. */
  readonly doubled: readonly string[];
}

/** How to read a body that may be protobuf. Undefined: this kind isn't served as protobuf. */
export type ProtobufSchema = (kind: { readonly apiVersion: string; readonly kind: string }) => Schema | undefined;

/** `application/json; charset=utf-8` is `application/json`. JSON where the caller names nothing. */
export const mediaType = (header: string | undefined): string =>
  (header ?? "application/json").split(";", 1)[0]?.trim().toLowerCase() || "application/json";

/**
 * An object as JSON, YAML or protobuf.
 * Faults: BadRequest with what is wrong, UnsupportedMediaType.
 */
export async function decodeBody(
  body: Buffer,
  type: string,
  limits: Pick<WireLimits, "depth">,
  protobufSchema: ProtobufSchema,
): Promise<DecodedBody> {
  switch (type) {
    case "application/json":
    case "application/json-patch+json":
    case "application/merge-patch+json":
    case "application/strategic-merge-patch+json":
      return decodeJson(body, limits);
    case "application/yaml":
    case "application/apply-patch+yaml":
      return decodeYaml(body, limits);
    case "application/vnd.kubernetes.protobuf":
      return { value: decodeProtobuf(body, protobufSchema), doubled: [] };
    default:
      throw new ApiFault(
        "UnsupportedMediaType",
        `the body of the request was in an unknown format - accepted media types include: ` +
          `application/json, application/yaml, application/vnd.kubernetes.protobuf (found ${type.slice(0, 80)})`,
      );
  }
}

function decodeJson(body: Buffer, limits: Pick<WireLimits, "depth">): DecodedBody {
  const text = body.toString("utf8");
  const doubled: string[] = [];
  // Before JSON.parse: what is nested too deeply must not even be built.
  for (const finding of inspectJson(text, limits.depth)) {
    if (finding.is === "doubledKey") doubled.push(finding.path);
    else if (finding.is === "tooDeep") throw refusal(`nested more than ${finding.depth} levels deep`);
    else throw refusal(`the key ${finding.key} is not allowed`);
  }
  try {
    return { value: JSON.parse(text), doubled };
  } catch (cause) {
    // The parser's own message quotes the text, which may hold a secret.
    throw new ApiFault("BadRequest", "the body of the request is not JSON", { cause });
  }
}

async function decodeYaml(body: Buffer, limits: Pick<WireLimits, "depth">): Promise<DecodedBody> {
  const text = body.toString("utf8");
  if (/^\s*\{/.test(text)) {
    try {
      return decodeJson(body, limits); // What kubectl sends as YAML is JSON.
    } catch (thrown) {
      if (thrown instanceof ApiFault && thrown.cause === undefined) throw thrown;
    }
  }
  // Loaded when first needed: it costs 14 MB, and kubectl and Helm never send YAML.
  const { readYaml } = await import("./yaml-body.ts");
  return { value: readYaml(text, limits.depth), doubled: [] };
}

function decodeProtobuf(body: Buffer, protobufSchema: ProtobufSchema): unknown {
  if (body.length === 0) return undefined;
  const { apiVersion, kind, raw } = openEnvelope(body);
  const schema = protobufSchema({ apiVersion, kind });
  if (schema === undefined) {
    throw new ApiFault("UnsupportedMediaType", `${kind} in ${apiVersion} is not read as protobuf: send JSON`);
  }
  return { apiVersion, kind, ...decodeMessage(schema, raw, "") };
}

const refusal = (what: string) => new ApiFault("BadRequest", `the body of the request is refused: ${what}`);
