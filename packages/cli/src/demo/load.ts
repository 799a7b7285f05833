import { Pool } from "undici";

/** What the clients saw so far; counts since the start. */
export interface LoadReport {
  readonly requests: number;
  readonly failed: number;
  /** By the version that answered; "none" where nobody did. */
  readonly byVersion: Readonly<
    Record<
      string,
      {
        readonly served: number;
        readonly failed: number;
        readonly firstAt?: number;
        readonly lastAt?: number;
        readonly firstFailedAt?: number;
      }
    >
  >;
  readonly latencyMillisP95: number;
  /** The first few failures, in words. */
  readonly failures: readonly string[];
}

export interface LoadOptions {
  readonly url: string;
  readonly host: string;
  readonly requestsPerSecond: number;
  readonly requestsMax?: number;
}

interface Tally {
  served: number;
  failed: number;
  firstAt?: number;
  lastAt?: number;
  firstFailedAt?: number;
}

const paths = [
  { method: "GET", path: "/api/products" },
  { method: "GET", path: "/" },
  { method: "GET", path: "/api/products" },
  { method: "POST", path: "/api/checkout", body: JSON.stringify({ product: "kettle" }) },
] as const;

/**
 * Open-loop load: requests leave on their own schedule, however slow the answers are, as users do. A request without
 * an answer in ten seconds, or with 5xx, failed.
 */
export function startLoad({ url, host, requestsPerSecond }: LoadOptions) {
  const pool = new Pool(url, { connections: 64, pipelining: 1, headersTimeout: 10_000, bodyTimeout: 10_000 });
  const byVersion = new Map<string, Tally>();
  const latencies: number[] = [];
  const failures: string[] = [];
  let requests = 0;
  let failed = 0;
  let sent = 0;
  let inFlight = 0;
  const started = performance.now();

  const tally = (version: string): Tally => {
    let found = byVersion.get(version);
    if (found === undefined) {
      found = { served: 0, failed: 0 };
      byVersion.set(version, found);
    }
    return found;
  };

  async function request(index: number): Promise<void> {
    const { method, path, ...rest } = paths[index % paths.length] ?? paths[0];
    const begun = performance.now();
    let version = "none";
    let problem: string | undefined;
    inFlight++;
    try {
      const response = await pool.request({
        method,
        path,
        headers: { host, ...("body" in rest ? { "content-type": "application/json" } : {}) },
        ...("body" in rest ? { body: rest.body } : {}),
      });
      const header = response.headers["x-shop-version"];
      version = typeof header === "string" ? header : "none";
      await response.body.dump();
      if (response.statusCode >= 500) problem = `${response.statusCode} from ${version} for ${method} ${path}`;
    } catch (thrown) {
      problem = `${thrown instanceof Error ? thrown.message : String(thrown)} for ${method} ${path}`;
    }
    inFlight--;
    const now = Date.now();
    const counts = tally(version);
    requests++;
    counts.served++;
    counts.firstAt ??= now;
    counts.lastAt = now;
    if (problem !== undefined) {
      failed++;
      counts.failed++;
      counts.firstFailedAt ??= now;
      if (failures.length < 20) failures.push(problem);
    }
    latencies[requests % 2000] = performance.now() - begun;
  }

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - started) / 1000) * requestsPerSecond);
    while (sent < due) void request(sent++);
  }, 2);

  return {
    report(): LoadReport {
      const sorted = [...latencies].sort((a, b) => a - b);
      return {
        requests,
        failed,
        byVersion: Object.fromEntries([...byVersion].map(([version, counts]) => [version, { ...counts }])),
        latencyMillisP95: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
        failures: [...failures],
      };
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      while (inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await pool.close();
    },
  };
}
