import type { IncomingMessage } from "node:http";
import { type Instant, instant, type Millis, millis, parseInstant } from "@sluice/kernel";
import { parsePrometheusDuration } from "@sluice/languages";

const bodyMax = 256 * 1024;

/** What a request got wrong, as Prometheus' `bad_data`. */
export class BadParameter extends Error {}

/** Those of the address and those of a form in the body. */
export async function readParameters(request: IncomingMessage): Promise<URLSearchParams> {
  const parameters = new URL(request.url ?? "/", "http://metrics").searchParams;
  if (request.method !== "POST") return parameters;
  const type = request.headers["content-type"] ?? "application/x-www-form-urlencoded";
  if (!type.startsWith("application/x-www-form-urlencoded"))
    throw new BadParameter(`a body of type "${type.slice(0, 60)}", expected application/x-www-form-urlencoded`);
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request) {
    length += (piece as Buffer).length;
    if (length > bodyMax) throw new BadParameter(`a body of more than ${bodyMax / 1024} KiB`);
    pieces.push(piece as Buffer);
  }
  // The form comes first, as Go's net/http has it.
  const form = new URLSearchParams(Buffer.concat(pieces).toString("utf8"));
  for (const [name, value] of parameters) form.append(name, value);
  return form;
}

/** Unix seconds with a fraction, or RFC 3339. */
export function timeParameter(parameters: URLSearchParams, name: string): Instant | undefined {
  const text = parameters.get(name);
  if (text === null || text === "") return undefined;
  const parsed = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)
    ? instant(Math.round(Number(text) * 1000))
    : parseInstant(text);
  if (parsed === undefined || !Number.isSafeInteger(parsed))
    throw new BadParameter(`invalid parameter "${name}": cannot parse "${text.slice(0, 60)}" to a valid timestamp`);
  return parsed;
}

/** Seconds with a fraction, or a duration such as 15s. */
export function durationParameter(parameters: URLSearchParams, name: string): Millis | undefined {
  const text = parameters.get(name);
  if (text === null || text === "") return undefined;
  if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return millis(Math.round(Number(text) * 1000));
  const parsed = parsePrometheusDuration(text);
  if (parsed.is === "parsed") return parsed.value;
  throw new BadParameter(`invalid parameter "${name}": cannot parse "${text.slice(0, 60)}" to a valid duration`);
}

export function requireParameter<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new BadParameter(`invalid parameter "${name}": it is missing`);
  return value;
}
