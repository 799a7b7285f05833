import { Fault } from "@sluice/kernel";
import type { Kpis, Prediction } from "@sluice/verdict";

export interface ModelQuestion {
  readonly url: string;
  readonly timeoutSeconds?: number;
  readonly token?: string;
  readonly kpis: Kpis;
  /** The business' own numbers, by name: features, too. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly requestsPerSecond: number;
  readonly at: Date;
}

/** Without a prediction `message` says why. */
export interface ModelAnswer {
  readonly prediction?: Prediction;
  readonly message: string;
}

/** After so many failures in a row a model isn't asked for a while. */
const failuresUntilOpen = 3;
const openMillis = 60_000;
const answerBytesMax = 64 * 1024;

interface Circuit {
  failures: number;
  openUntil: number;
  /** Of the last failure. */
  reason: string;
}

/** Asks models elsewhere by `POST { features }`; one that fails again and again is left alone for a minute. */
export class RemoteModels {
  readonly #circuits = new Map<string, Circuit>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Nothing says that it doesn't: it answered the last question, or wasn't asked one yet. */
  isAnswering(url: string): boolean {
    return (this.#circuits.get(url)?.failures ?? 0) === 0;
  }

  /** Why there is no answer stands in `message`; the token never does. Doesn't reject. */
  async ask(question: ModelQuestion): Promise<ModelAnswer> {
    const circuit = this.#circuits.get(question.url) ?? { failures: 0, openUntil: 0, reason: "" };
    this.#circuits.set(question.url, circuit);
    if (this.#now() < circuit.openUntil) {
      const tries = `not asked: it failed ${circuit.failures} times in a row, at last: ${circuit.reason}`;
      return { message: `${tries}; the built-in verdict stands` };
    }
    try {
      const prediction = await predict(question);
      circuit.failures = 0;
      return { prediction, message: prediction.explanation ?? "answered" };
    } catch (error) {
      circuit.failures++;
      if (circuit.failures >= failuresUntilOpen) circuit.openUntil = this.#now() + openMillis;
      circuit.reason = reasonOf(error);
      return { message: `${circuit.reason}; the built-in verdict stands` };
    }
  }
}

async function predict({ url, timeoutSeconds = 2, token, ...known }: ModelQuestion): Promise<Prediction> {
  const response = await fetch(url, {
    method: "POST",
    redirect: "error",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ features: featuresOf(known) }),
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
  });
  if (!response.ok) throw new Fault("unavailable", `answered with HTTP status ${response.status}`);
  const text = await boundedText(response);
  return parsePrediction(text);
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Fault("unavailable", `its answer is longer than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsePrediction(text: string): Prediction {
  let answer: { probability?: unknown; explanation?: unknown; recommended_action?: unknown };
  try {
    answer = JSON.parse(text) ?? {};
  } catch {
    throw new Fault("unavailable", "its answer is no JSON");
  }
  const { probability, explanation, recommended_action: action } = answer;
  if (typeof probability !== "number" || !(probability >= 0 && probability <= 1)) {
    throw new Fault("unavailable", "its answer has no probability from 0 to 1");
  }
  return {
    probability,
    ...(typeof explanation === "string" ? { explanation: explanation.slice(0, 500) } : {}),
    ...(typeof action === "string" ? { recommendedAction: action.slice(0, 63) } : {}),
  };
}

type Known = Pick<ModelQuestion, "kpis" | "metrics" | "requestsPerSecond" | "at">;

/** Unknown numbers are null, never made up. */
function featuresOf({ kpis, metrics, requestsPerSecond, at }: Known) {
  return {
    // What nobody measures by default, and a policy's metrics of these names do.
    cpu_usage: null,
    user_satisfaction: null,
    feature_flags_changed: null,
    external_service_health: null,
    ...metrics,
    error_rate: kpis.errorRate ?? null,
    error_rate_change: kpis.errorRateChange ?? null,
    response_time_p95: kpis.p95Ms ?? null,
    response_time_change: kpis.p95Change ?? null,
    conversion_rate_change: kpis.conversionChange ?? null,
    memory_usage: kpis.memoryUsage ?? null,
    memory_growth: kpis.memoryGrowth ?? null,
    deployment_hour: at.getHours(),
    deployment_day_of_week: at.getDay(),
    traffic_volume: requestsPerSecond,
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "no answer in time";
  return error instanceof Fault ? error.message : "it can't be reached";
}
