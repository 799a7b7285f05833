/** Segments that are told apart; what lies deeper is one. */
const segmentsMax = 8;
/** No one names a part of a route so long. */
const nameLengthMax = 40;

const slash = 0x2f;
/** What a walk over a path meets, one segment after the other. */
export interface PathVisitor {
  name(target: string, from: number, to: number): void;
  id(): void;
  /** Deeper than is told apart. */
  rest(): void;
}

/**
 * Walks over a path as its route would be written down: empty segments are left out, and so is what follows `?`. False
 * where it is no path, as the `*` of OPTIONS is none.
 */
export function walkPath(target: string, visitor: PathVisitor): boolean {
  if (target.charCodeAt(0) !== slash) return false;
  let segments = 0;
  let from = 1;
  for (;;) {
    const to = segmentEnd(target, from);
    if (to > from) {
      if (segments === segmentsMax) {
        visitor.rest();
        return true;
      }
      segments++;
      if (isId(target, from, to)) visitor.id();
      else visitor.name(target, from, to);
    }
    if (target.charCodeAt(to) !== slash) return true;
    from = to + 1;
  }
}

/** `/orders/:id/items` for `/orders/17/items?page=2`; undefined where it is no path. */
export function pathTemplate(target: string): string | undefined {
  let template = "";
  const isPath = walkPath(target, {
    name: (text, from, to) => {
      template += `/${text.slice(from, to)}`;
    },
    id: () => {
      template += "/:id";
    },
    rest: () => {
      template += "/*";
    },
  });
  if (!isPath) return undefined;
  return template === "" ? "/" : template;
}

function segmentEnd(target: string, from: number): number {
  let at = from;
  while (at < target.length) {
    const code = target.charCodeAt(at);
    if (code === slash || code === 0x3f || code === 0x23) break;
    at++;
  }
  return at;
}

/** Names one thing of many: a number, a UUID, a hash, a token, a date; or what no route is called. */
function isId(target: string, from: number, to: number): boolean {
  const length = to - from;
  if (length > nameLengthMax) return true;
  let digits = 0;
  let hexLetters = 0;
  let small = 0;
  let large = 0;
  let hyphens = 0;
  for (let at = from; at < to; at++) {
    const code = target.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) digits++;
    else if (code >= 0x61 && code <= 0x7a) {
      small++;
      if (code <= 0x66) hexLetters++;
    } else if (code >= 0x41 && code <= 0x5a) {
      large++;
      if (code <= 0x46) hexLetters++;
    } else if (code === 0x2d) hyphens++;
    else if (!isMark(code)) return true;
  }
  if (digits === length || digits >= 4) return true;
  const isHex = digits + hexLetters + hyphens === length;
  if (isHex && (length >= 16 || (digits > 0 && length >= 8))) return true;
  if (digits > 0 && length >= 20) return true;
  return digits >= 2 && small > 0 && large > 0 && length >= 10;
}

/** `_ . ~ : + , $` are met in the names of routes. */
const isMark = (code: number): boolean =>
  code === 0x5f || code === 0x2e || code === 0x7e || code === 0x3a || code === 0x2b || code === 0x2c || code === 0x24;
