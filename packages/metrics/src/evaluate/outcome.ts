import type { Labels } from "../labels.ts";

/** Times are epoch milliseconds. */
export type QueryResult =
  | { readonly type: "scalar"; readonly at: number; readonly value: number }
  | { readonly type: "string"; readonly at: number; readonly value: string }
  | { readonly type: "vector"; readonly samples: readonly VectorSample[] }
  | { readonly type: "matrix"; readonly series: readonly MatrixSeries[] };

export interface VectorSample {
  readonly labels: Labels;
  readonly at: number;
  readonly value: number;
}

export interface MatrixSeries {
  readonly labels: Labels;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** The sorts of Prometheus' errors: `bad_data` is the query's fault, `execution` the data's, `timeout` the load's. */
export interface QueryRefusal {
  readonly kind: "bad_data" | "execution" | "timeout";
  readonly message: string;
}

export type QueryOutcome =
  | {
      readonly is: "answered";
      readonly result: QueryResult;
      readonly warnings: readonly string[];
      readonly infos: readonly string[];
    }
  | { readonly is: "refused"; readonly refusal: QueryRefusal };

/** Thrown inside the evaluator only; its door turns it into an outcome. */
export class QueryRefused extends Error {
  readonly refusal: QueryRefusal;

  constructor(kind: QueryRefusal["kind"], message: string) {
    super(message);
    this.refusal = { kind, message };
  }
}
