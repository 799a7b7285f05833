import { bucketOf, bucketScale } from "@sluice/kernel";
import { cookieValue } from "./sticky.ts";
import type { CohortEntry, RequestFieldEntry, RingsEntry } from "./table.ts";

/** What a ring may look at. */
export interface RingRequest {
  /** All of the request's cookies, as they came. */
  readonly cookies: string | undefined;
  /** By lower-case name. */
  header(name: string): string | undefined;
}

export interface RingChoice {
  /** Place of the destination; undefined where weights decide. */
  readonly place: number | undefined;
  /** `who`: a ring names the user; `share`: the user's bucket; `weight`: nothing says who it is. */
  readonly by: "who" | "share" | "weight";
  /** The ring that decided. */
  readonly ring: string;
}

/**
 * Where a request goes. A ring that is on and names the user goes before one that isn't; one that isn't keeps whom it
 * names out, however high the share. Shares grow from bucket 0 up, so that whoever is in stays in.
 */
export function ringChoice(rings: RingsEntry, request: RingRequest): RingChoice {
  const names = (isOn: boolean) =>
    rings.rings.find((ring) => ring.isOn === isOn && ring.who.some((rule) => meets(rule, request)))?.name;
  const reached = names(true);
  if (reached !== undefined) return { place: rings.canary, by: "who", ring: reached };
  const waiting = names(false);
  if (waiting !== undefined) return { place: rings.stable, by: "who", ring: waiting };
  const ring = rings.rings.findLast(({ isOn }) => isOn)?.name ?? "";
  const user = rings.user === undefined ? undefined : fieldOf(rings.user, request);
  if (user === undefined || user === "") return { place: undefined, by: "weight", ring };
  const isIn = bucketOf(user, rings.salt) < (rings.share / 100) * bucketScale;
  return { place: isIn ? rings.canary : rings.stable, by: "share", ring };
}

function meets(rule: CohortEntry, request: RingRequest): boolean {
  const value = fieldOf(rule, request);
  if (value === undefined) return false;
  switch (rule.operator) {
    case "equals":
    case "in":
      return rule.values.includes(value);
    case "contains":
      return rule.values.some((part) => value.includes(part));
    case "not_in":
      return !rule.values.includes(value);
    default:
      return false;
  }
}

/** As the application reads it, so that a feature flag about the same user falls into the same bucket. */
function fieldOf({ cookie, header }: RequestFieldEntry, request: RingRequest): string | undefined {
  if (header !== undefined) return asText(request.header(header));
  const value =
    cookie === undefined || request.cookies === undefined ? undefined : cookieValue(request.cookies, cookie);
  return value?.includes("%") === true ? unescaped(asText(value) ?? value) : asText(value);
}

/** Heads are read byte by byte; what is UTF-8 becomes the text that it is. */
function asText(value: string | undefined): string | undefined {
  if (value === undefined || !/[\x80-\xff]/.test(value)) return value;
  const escaped = value.replace(
    /[%\x80-\xff]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return unescaped(escaped, value);
}

function unescaped(value: string, otherwise = value): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return otherwise; // it was no escape: the value is what it says
  }
}
