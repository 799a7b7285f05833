import type { IncomingMessage } from "node:http";
import { ApiFault, type Client, type KindRegistry, type Schema } from "@sluice/api";
import type { Clock } from "@sluice/kernel";
import { acceptedForm, type Form } from "./answer/accepted-form.ts";
import type { IncludeObject } from "./answer/table.ts";
import type { Identity } from "./credentials.ts";
import type { PodLogs } from "./pod-logs.ts";
import type { WireLimits } from "./request/limits.ts";
import { decodeBody, mediaType, readBody } from "./request/request-body.ts";
import { deleteOptionsSchema } from "./request/request-options.ts";
import { reviewSchemas } from "./reviews.ts";

/** What requests are answered from. */
export interface Service {
  readonly client: Client;
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly limits: WireLimits;
  readonly podLogs: PodLogs | undefined;
}

/** One request, read as far as its head; the body when asked for. */
export class Exchange {
  readonly service: Service;
  readonly request: IncomingMessage;
  readonly identity: Identity;
  readonly query: URLSearchParams;
  readonly warnings: string[] = [];
  /** The object's name where only the body says it; refusals name it too. */
  createdName: string | undefined;

  constructor(service: Service, request: IncomingMessage, identity: Identity, query: URLSearchParams) {
    this.service = service;
    this.request = request;
    this.identity = identity;
    this.query = query;
  }

  get method(): string {
    return this.request.method ?? "GET";
  }

  get contentType(): string {
    return mediaType(this.request.headers["content-type"]);
  }

  /** Faults: NotAcceptable. */
  form(): Form {
    return acceptedForm(this.request.headers.accept);
  }

  /** Faults: BadRequest. */
  includeObject(): IncludeObject {
    const given = this.query.get("includeObject") ?? "";
    if (given === "") return "Metadata";
    if (given === "None" || given === "Metadata" || given === "Object") return given;
    throw new ApiFault("BadRequest", "invalid query parameter includeObject: expected None, Metadata or Object");
  }

  /** Undefined where there is none. Faults: see `readBody` and `decodeBody`. */
  async body(): Promise<unknown> {
    const bytes = await readBody(this.request, this.service.limits.body);
    if (bytes.length === 0) return undefined;
    const { value, doubled } = await decodeBody(bytes, this.contentType, this.service.limits, (kind) =>
      this.#schema(kind),
    );
    this.#judge(doubled);
    return value;
  }

  #schema(kind: { apiVersion: string; kind: string }): Schema | undefined {
    if (kind.kind === "DeleteOptions") return deleteOptionsSchema;
    const schema = this.service.kinds.byKind(kind)?.schema ?? reviewSchemas[kind.kind];
    const numbered = Object.values(schema?.properties ?? {}).some((field) => field["x-sluice-proto"] !== undefined);
    return numbered ? schema : undefined;
  }

  #judge(doubled: readonly string[]): void {
    if (doubled.length === 0) return;
    const texts = doubled.map((path) => `duplicate field "${path}"`);
    switch (this.query.get("fieldValidation")) {
      case "Strict":
        throw new ApiFault("BadRequest", `strict decoding error: ${texts.join(", ")}`);
      case "Ignore":
        return;
      default:
        this.warnings.push(...texts);
    }
  }
}
