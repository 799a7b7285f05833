/** Events on both sides within one stratum (an endpoint) of one window. */
export interface Stratum {
  readonly events: number;
  readonly exposure: number;
  readonly controlEvents: number;
  readonly controlExposure: number;
  /** Events an exposure before the release. */
  readonly usual?: number;
}
