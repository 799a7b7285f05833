import type { VectorMatching } from "@sluice/languages";
import { dropLabels, keepLabels, type Labels, labelsKey, metricNameLabel } from "../labels.ts";
import type { Row } from "./row.ts";

/** The labels that two sides of an operation must share. */
export function signatureLabels(labels: Labels, matching: VectorMatching): Labels {
  if (matching.by === "on") return keepLabels(labels, new Set(matching.labels));
  return dropLabels(labels, new Set([...matching.labels, metricNameLabel]));
}

/** Numbers the signatures of both sides; rows of the same number match. */
export class SignatureIndex {
  readonly #numbers = new Map<string, number>();
  readonly #matching: VectorMatching;

  constructor(matching: VectorMatching) {
    this.#matching = matching;
  }

  numbersOf(rows: readonly Row[]): Int32Array {
    return Int32Array.from(rows, (row) => {
      const key = labelsKey(signatureLabels(row.labels, this.#matching));
      const number = this.#numbers.get(key) ?? this.#numbers.size;
      this.#numbers.set(key, number);
      return number;
    });
  }

  get size(): number {
    return this.#numbers.size;
  }
}
