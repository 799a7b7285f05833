export { type BucketHash, bucketOf, bucketScale, murmur3 } from "./bucket.ts";
export type { Clock, Timer } from "./clock.ts";
export { describeViolation, Fault, type FaultKind, isFault, isRetryable, toFault, type Violation } from "./fault.ts";
export { fnv32a, safeEncode, shortHash, utf8 } from "./hash.ts";
export { canonicalJson, type Json, sameJson } from "./json.ts";
export { type Random, randomInteger, randomUuid, seededRandom } from "./random.ts";
export type {
  KindKey,
  ListFilter,
  Plan,
  PlannedEvent,
  Reader,
  Reconciler,
  ResourceKey,
  TaskState,
  Tasks,
  TaskWork,
} from "./reconciler.ts";
export { formatInstant, parseInstant } from "./timestamp.ts";
export {
  after,
  type Bytes,
  between,
  bytes,
  hours,
  type Instant,
  instant,
  type Millis,
  mebibytes,
  millis,
  minutes,
  type Percent,
  percent,
  type Ratio,
  ratio,
  seconds,
  toRatio,
} from "./units.ts";
export { unreachable } from "./unreachable.ts";
export { VirtualClock } from "./virtual-clock.ts";
