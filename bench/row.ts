/** One measured figure, with what it was measured against in the same run. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the ratio is to: a peer program, or the physical limit. */
  readonly peer?: string;
  /** Ours over the peer's. */
  readonly ratio?: number;
  readonly goal?: string;
}
