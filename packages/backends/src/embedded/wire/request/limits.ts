import { type Bytes, bytes, type Millis, mebibytes, seconds } from "@sluice/kernel";

export interface WireLimits {
  /** Of a request's body; Kubernetes' own is 3 MiB. */
  readonly body: Bytes;
  readonly headers: Bytes;
  /** Levels of nesting in a body. */
  readonly depth: number;
  /** A watcher that takes nothing for so long is cut off. */
  readonly watchStall: Millis;
  /** A watch ends after this where the caller names no timeout. */
  readonly watchDuration: Millis;
  readonly connections: number;
}

export const defaultLimits: WireLimits = {
  body: mebibytes(3),
  headers: bytes(32 * 1024),
  depth: 200,
  watchStall: seconds(60),
  watchDuration: seconds(3600),
  connections: 8_000,
};
