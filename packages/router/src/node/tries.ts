import type { BackendSet } from "../backend.ts";
import { hasRetryBudget, retryWaitMillis } from "../retry-policy.ts";
import { otherDestination, type Route } from "../route.ts";
import type { RetryEntry } from "../table.ts";
import type { SharedState } from "./shared-state.ts";
import type { RoutedBackend } from "./upstream.ts";

/** By the rules of HTTP alone, without a VirtualService's. */
const maxTries = 4;

/** Where a request has been tried, how often, and whether it may be tried again. */
export class Tries {
  readonly #shared: SharedState;
  #count = 0;
  #failed: Set<RoutedBackend> | undefined;
  #byPolicy = 0;
  /** Counted among the retries of all requests. */
  #isRetrying = false;

  constructor(shared: SharedState) {
    this.#shared = shared;
  }

  /** Where HTTP lets a request be sent again, once more is not too often. */
  get hasAnother(): boolean {
    return this.#count < maxTries;
  }

  begin(): void {
    this.#count++;
  }

  /** Others are tried before this one. */
  failed(backend: RoutedBackend): void {
    this.#failed ??= new Set();
    this.#failed.add(backend);
  }

  /** The next backend to try; one of another destination where the route's own has none. */
  choose(route: Route<RoutedBackend> | undefined, set: BackendSet<RoutedBackend> | undefined) {
    const shared = this.#shared;
    const now = shared.now();
    const backend = set?.choose(now, this.#failed);
    if (backend !== undefined || route === undefined || this.#count === 0) return backend;
    const other = otherDestination(route, set)?.choose(now, this.#failed);
    if (other !== undefined) {
      shared.stats.failedOver++;
      return other;
    }
    // A policy's retry may go where the first try went.
    return this.#byPolicy > 0 ? set?.choose(now) : undefined;
  }

  /** True where the destination has a backend that hasn't failed this request. */
  mayElsewhere(set: BackendSet<RoutedBackend> | undefined): boolean {
    return set?.choose(this.#shared.now(), this.#failed) !== undefined;
  }

  /** A VirtualService's retries, where one is left and the budget has room. */
  policy(retries: RetryEntry | undefined): RetryEntry | undefined {
    if (retries === undefined || this.#byPolicy >= retries.attempts) return undefined;
    const { stats } = this.#shared;
    return this.#isRetrying || hasRetryBudget(stats.activeRetries, stats.active) ? retries : undefined;
  }

  /** Spends one of the policy's retries; gives the milliseconds to wait before it. */
  spend(): number {
    const { stats, random } = this.#shared;
    if (!this.#isRetrying) stats.activeRetries++;
    this.#isRetrying = true;
    return retryWaitMillis(this.#byPolicy++, random.next());
  }

  /** The request is over. */
  clear(): void {
    if (this.#isRetrying) this.#shared.stats.activeRetries--;
    this.#isRetrying = false;
    this.#count = 0;
    this.#byPolicy = 0;
    this.#failed = undefined;
  }
}
