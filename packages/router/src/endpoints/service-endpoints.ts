import { type PathVisitor, pathTemplate, walkPath } from "./path-segments.ts";

/** Endpoints of a service that are told apart. */
export const endpointsMax = 40;
/** Paths that wait for a name; with more of them each counts for less, and those of least traffic go. */
const waitingMax = 512;
const slotCount = 256;
const reviewMillis = 60_000;
/** Endpoints that change hands at a review: so many new series an attacker can bring forth in a minute at most. */
const exchangedMax = 4;

const slash = 0x2f;
/** No character of a path that a router takes. */
const idMark = 0x1f;
const restMark = 0x1e;

/** A method and a path whose ids are left out. */
export class Endpoint {
  /** `GET /orders/:id`. */
  readonly name: string;
  /** Where its numbers stand; another one may stand there later. */
  readonly place: number;
  readonly low: number;
  readonly high: number;
  /** Lately: half as much each minute. */
  requests = 0;
  /** It gave its place to one with more traffic. */
  isGone = false;

  constructor(name: string, place: number, low: number, high: number) {
    this.name = name;
    this.place = place;
    this.low = low;
    this.high = high;
  }
}

interface Waiting {
  readonly low: number;
  readonly high: number;
  requests: number;
}

/** Two hashes of 32 bits: whoever makes paths that collide counts his own requests at a wrong place. */
class PathHash implements PathVisitor {
  low = 0;
  high = 0;

  begin(method: number): void {
    this.low = Math.imul(0x811c9dc5 ^ method, 0x01000193);
    this.high = Math.imul(0x9747b28c ^ method, 0x5bd1e995);
  }

  name(target: string, from: number, to: number): void {
    this.#add(slash);
    for (let at = from; at < to; at++) this.#add(target.charCodeAt(at));
  }

  id(): void {
    this.#add(idMark);
  }

  rest(): void {
    this.#add(restMark);
  }

  #add(code: number): void {
    this.low = Math.imul(this.low ^ code, 0x01000193);
    this.high = Math.imul((this.high ^ code) + (this.high >>> 15), 0x5bd1e995);
  }
}

const hash = new PathHash();

/**
 * The endpoints of one service that have most traffic, at most `endpointsMax` whatever is asked for. To find one that is
 * known allocates nothing. A path gets a name at its second request: one that is never asked for again needs none.
 */
export class ServiceEndpoints {
  readonly #slots: (Endpoint | undefined)[] = new Array<undefined>(slotCount).fill(undefined);
  readonly #endpoints: Endpoint[] = [];
  readonly #waiting = new Map<string, Waiting>();
  #reviewedAt: number | undefined;

  /** Undefined for what counts as one of the rest. `method` is its number, `methodName` how it is called. */
  find(method: number, methodName: string, target: string, code: number): Endpoint | undefined {
    hash.begin(method);
    if (!walkPath(target, hash)) return undefined;
    const { low, high } = hash;
    for (let slot = low & (slotCount - 1); ; slot = (slot + 1) & (slotCount - 1)) {
      const endpoint = this.#slots[slot];
      if (endpoint === undefined) break;
      if (endpoint.low === low && endpoint.high === high) {
        endpoint.requests++;
        return endpoint;
      }
    }
    // What isn't there is no endpoint.
    return code === 404 ? undefined : this.#meet(`${methodName} ${pathTemplate(target) ?? ""}`, low, high);
  }

  /** Once a minute the least used give their places to paths with more than twice their traffic. `now` in milliseconds. */
  review(now: number): void {
    this.#reviewedAt ??= now;
    if (now - this.#reviewedAt < reviewMillis) return;
    this.#reviewedAt = now;
    const least = this.#endpoints.toSorted((a, b) => a.requests - b.requests);
    const most = [...this.#waiting].sort(([, a], [, b]) => b.requests - a.requests).slice(0, exchangedMax);
    if (this.#endpoints.length === endpointsMax) {
      for (const [index, [name, waiting]] of most.entries()) {
        const old = least[index];
        if (old === undefined || waiting.requests <= 2 * old.requests + 10) break;
        old.isGone = true;
        this.#waiting.delete(name);
        const endpoint = new Endpoint(name, old.place, waiting.low, waiting.high);
        endpoint.requests = waiting.requests;
        this.#endpoints[old.place] = endpoint;
      }
      this.#fillSlots();
    }
    for (const endpoint of this.#endpoints) endpoint.requests /= 2;
    for (const [name, waiting] of this.#waiting) {
      waiting.requests /= 2;
      if (waiting.requests < 1) this.#waiting.delete(name);
    }
  }

  #meet(name: string, low: number, high: number): Endpoint | undefined {
    const known = this.#waiting.get(name);
    if (known === undefined) {
      if (this.#waiting.size >= waitingMax) this.#thin();
      this.#waiting.set(name, { low, high, requests: 1 });
      return undefined;
    }
    known.requests++;
    const place = this.#endpoints.length;
    if (place === endpointsMax) return undefined;
    this.#waiting.delete(name);
    const endpoint = new Endpoint(name, place, low, high);
    endpoint.requests = known.requests;
    this.#endpoints.push(endpoint);
    this.#fillSlots();
    return endpoint;
  }

  /** After Misra and Gries (1982): what has more than one in `waitingMax` of all these requests stays. */
  #thin(): void {
    for (const [name, waiting] of this.#waiting) {
      waiting.requests--;
      if (waiting.requests <= 0) this.#waiting.delete(name);
    }
  }

  #fillSlots(): void {
    this.#slots.fill(undefined);
    for (const endpoint of this.#endpoints) {
      let slot = endpoint.low & (slotCount - 1);
      while (this.#slots[slot] !== undefined) slot = (slot + 1) & (slotCount - 1);
      this.#slots[slot] = endpoint;
    }
  }
}
