import { escapeLabel } from "./request-metrics.ts";
import type { RingChoice } from "./rings.ts";
import type { RingsEntry } from "./table.ts";

/** `http_ring_requests_total`: what part of the requests each ring really got, and why. Labels come from tables alone. */
export class RingMetrics {
  readonly #counts = new Map<string, number>();

  count({ namespace, rollout }: RingsEntry, { ring, by }: RingChoice, isCanary: boolean): void {
    const to = isCanary ? "canary" : "stable";
    const labels =
      `namespace="${escapeLabel(namespace)}",rollout="${escapeLabel(rollout)}",` +
      `ring="${escapeLabel(ring)}",by="${by}",destination="${to}"`;
    this.#counts.set(labels, (this.#counts.get(labels) ?? 0) + 1);
  }

  text(): string {
    const lines = [
      "# HELP http_ring_requests_total Requests on a route with rings.\n# TYPE http_ring_requests_total counter\n",
    ];
    for (const [labels, count] of this.#counts) lines.push(`http_ring_requests_total{${labels}} ${count}\n`);
    return lines.join("");
  }
}
