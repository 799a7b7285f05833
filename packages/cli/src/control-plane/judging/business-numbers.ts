import type { JudgementSpec } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import { queryInstant } from "@sluice/metrics";
import { isEmbeddedAddress, type MetricsStore, queryPrometheus } from "@sluice/metrics/node";
import { wallClock } from "../real-clock.ts";

/** What isn't requests: memory, conversions, and the numbers that a policy names. */
export class BusinessNumbers {
  readonly #store: MetricsStore;
  readonly #namespace: string;
  readonly #spec: JudgementSpec;

  constructor(store: MetricsStore, namespace: string, spec: JudgementSpec) {
    this.#store = store;
    this.#namespace = namespace;
    this.#spec = spec;
  }

  /** Bytes of the pod of a version that uses most; undefined where no pod tells. */
  memoryOf(hash: string, at: Instant): number | undefined {
    const labels = `{namespace=${JSON.stringify(this.#namespace)},pod_template_hash=${JSON.stringify(hash)}}`;
    // A pod's containers together, as its limit is theirs together.
    return this.#ask(
      `max(sum by (pod) (container_memory_working_set_bytes${labels})) or max(process_resident_memory_bytes${labels})`,
      at,
    );
  }

  /** Users of a version who could convert between two instants, and who did. */
  conversionsOf(hash: string, from: Instant, until: Instant): { exposures: number; conversions: number } {
    const queries = this.#spec.conversions;
    if (queries === undefined) return { exposures: 0, conversions: 0 };
    const rise = (query: string): number => {
      const asked = query.replaceAll("{{hash}}", hash);
      const now = this.#ask(asked, until) ?? 0;
      const before = this.#ask(asked, from) ?? 0;
      return now >= before ? now - before : now;
    };
    const exposures = Math.round(rise(queries.exposures));
    return { exposures, conversions: Math.min(exposures, Math.round(rise(queries.conversions))) };
  }

  /** One that can't be asked is left out: a rule about it says nothing. */
  async metrics(at: Instant): Promise<Readonly<Record<string, number>>> {
    // At once: the verdict waits for those that don't answer.
    const values = (this.#spec.metrics ?? []).map(async ({ name, query, address }) => {
      const asked = query.replaceAll("{{hash}}", this.#spec.canary.podTemplateHash);
      const value = isEmbeddedAddress(address) ? this.#ask(asked, at) : await askElsewhere(asked, address);
      return value !== undefined && Number.isFinite(value) ? [[name, value] as const] : [];
    });
    return Object.fromEntries((await Promise.all(values)).flat());
  }

  #ask(query: string, at: Instant): number | undefined {
    const outcome = queryInstant(this.#store, query, at);
    if (outcome.is !== "answered") return undefined;
    if (outcome.result.type === "scalar") return outcome.result.value;
    return outcome.result.type === "vector" ? outcome.result.samples[0]?.value : undefined;
  }
}

async function askElsewhere(query: string, address: string | undefined): Promise<number | undefined> {
  try {
    const asked = { query, ...(address === undefined ? {} : { address }), timeoutSeconds: 5 };
    const { parsed } = await queryPrometheus(asked, AbortSignal.timeout(5000), wallClock);
    const value = Array.isArray(parsed) ? parsed[0] : parsed;
    return typeof value === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}
