import type { IncomingMessage } from "node:http";
import { ApiFault, type Schema } from "@sluice/api";
import type { Bytes } from "@sluice/kernel";
import { type Document, parseDocument, visit } from "yaml";
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
export function decodeBody(
  body: Buffer,
  type: string,
  limits: Pick<WireLimits, "depth">,
  protobufSchema: ProtobufSchema,
): DecodedBody {
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

function decodeYaml(body: Buffer, limits: Pick<WireLimits, "depth">): DecodedBody {
  const text = body.toString("utf8");
  if (/^\s*\{/.test(text)) {
    try {
      return decodeJson(body, limits); // What kubectl sends as YAML is JSON.
    } catch (thrown) {
      if (thrown instanceof ApiFault && thrown.cause === undefined) throw thrown;
    }
  }
  const document = parsedYaml(text);
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw refusal(`not YAML: ${problem.code.toLowerCase().replaceAll("_", " ")} at offset ${problem.pos[0]}`);
  }
  visit(document, {
    Pair(_, { key }) {
      if (String(key) === "__proto__") throw refusal("the key __proto__ is not allowed");
    },
    Collection(_, __, ancestors) {
      if (ancestors.length / 2 > limits.depth) throw refusal(`nested more than ${limits.depth} levels deep`);
    },
  });
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), doubled: [] };
  } catch (cause) {
    throw new ApiFault("BadRequest", "the YAML's aliases expand to too much", { cause });
  }
}

function parsedYaml(text: string): Document.Parsed {
  try {
    return parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  } catch (cause) {
    throw new ApiFault("BadRequest", "the body of the request is refused: YAML nested too deeply", { cause });
  }
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
