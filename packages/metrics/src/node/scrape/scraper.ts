import { type Clock, type Millis, millis, seconds, type Timer } from "@sluice/kernel";
import type { Agent } from "undici";
import type { Family } from "../../exposition/parse.ts";
import type { MetricsStore } from "../store/metrics-store.ts";
import { fetchExposition, scrapeAgent } from "./fetch-exposition.ts";
import type { Target } from "./target.ts";
import { type ScrapeReport, TargetScraper } from "./target-scraper.ts";

export interface ScraperOptions {
  readonly store: MetricsStore;
  readonly clock: Clock;
  /** Asked every second; cheap. */
  readonly targets: () => readonly Target[];
}

export interface Scraper {
  /** What each living target said last. */
  reports(): readonly ScrapeReport[];
  /** Types and help texts of the metrics of all living targets. */
  metadata(): readonly Family[];
  /** Once no scrape is running. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

interface Living {
  readonly scraper: TargetScraper;
  dueAt: number;
  running: Promise<void> | undefined;
  report: ScrapeReport | undefined;
}

const tick = seconds(1);
/**
 * Where in a second the scrapes stand: away from its beginning. Times in a status are whole seconds, so that what waits
 * for an interval or a pause is due there, and an abort would stand behind the scrape of that second.
 */
const phase = millis(500);
/** A timer that is a little late doesn't move a sample: steady intervals take less room and make better rates. */
const latenessMs = 50;
const setBackMs = 2000;

/** Scrapes each target at its interval, one scrape of a target at a time. */
export function createScraper(options: ScraperOptions): Scraper {
  return new LoopingScraper(options);
}

class LoopingScraper implements Scraper {
  readonly #store: MetricsStore;
  readonly #clock: Clock;
  readonly #targets: () => readonly Target[];
  readonly #living = new Map<string, Living>();
  readonly #agent: Agent = scrapeAgent();
  readonly #aborter = new AbortController();
  #timer: Timer;
  #lastTick: number;

  constructor({ store, clock, targets }: ScraperOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#targets = targets;
    this.#lastTick = clock.now();
    this.#timer = clock.after(millis(0), () => this.#tick());
  }

  #tick(): void {
    const now = this.#clock.now();
    this.#timer = this.#clock.after(millis(tickAfter(now) - now) as Millis, () => this.#tick());
    if (now < this.#lastTick - setBackMs) {
      this.#store.rewind(now);
      for (const living of this.#living.values()) living.dueAt = now;
    }
    this.#lastTick = now;
    const wanted = new Map(this.#targets().map((target) => [keyOf(target), target]));
    for (const [key, living] of this.#living) {
      const target = wanted.get(key);
      // The same identity at another place is another life of it.
      if (target !== undefined && sourceOf(target) === sourceOf(living.scraper.target)) continue;
      living.scraper.end(now);
      this.#living.delete(key);
    }
    for (const [key, target] of wanted) {
      const living = this.#living.get(key) ?? {
        scraper: new TargetScraper(target, this.#store),
        dueAt: now,
        running: undefined,
        report: undefined,
      };
      this.#living.set(key, living);
      if (living.dueAt <= now && living.running === undefined) this.#start(living, target, now);
    }
  }

  #start(living: Living, target: Target, now: number): void {
    const at = now - living.dueAt <= latenessMs ? living.dueAt : now;
    // What was missed while busy or asleep isn't made up for.
    const next = tickAfter(at) - tick + target.every;
    living.dueAt = next > now ? next : tickAfter(now);
    living.running = this.#scrape(living, target, at).finally(() => {
      living.running = undefined;
    });
  }

  async #scrape(living: Living, target: Target, at: number): Promise<void> {
    const startedAt = this.#clock.now();
    const took = () => this.#clock.now() - startedAt;
    const finish = (report: ScrapeReport) => {
      living.report = report;
    };
    const isGone = () => this.#living.get(keyOf(target)) !== living;
    const timeout = Math.min(target.timeout ?? 5000, Math.max(1000, target.every));
    try {
      const { text, format } = await this.#read(target, timeout);
      if (!isGone()) finish(living.scraper.ingest(text, format, at, took()));
    } catch (thrown) {
      if (!isGone()) finish(living.scraper.fail(reasonOf(thrown, timeout), at, took()));
    }
  }

  async #read(target: Target, timeout: number) {
    const { source } = target;
    if (source.is === "url") {
      const signal = AbortSignal.any([this.#aborter.signal, AbortSignal.timeout(timeout)]);
      return fetchExposition(source.url, this.#agent, signal);
    }
    let timer: Timer | undefined;
    const expiry = new Promise<never>((_, reject) => {
      timer = this.#clock.after(millis(timeout), () => reject(new DOMException("timed out", "TimeoutError")));
    });
    try {
      return { text: await Promise.race([source.read(), expiry]), format: "prometheus-text" as const };
    } finally {
      timer?.cancel();
    }
  }

  reports(): readonly ScrapeReport[] {
    return [...this.#living.values()].flatMap(({ report }) => (report === undefined ? [] : [report]));
  }

  metadata(): readonly Family[] {
    return [...this.#living.values()].flatMap(({ scraper }) => [...scraper.families.values()]);
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#living.values()].map((living) => living.running));
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    this.#aborter.abort();
    await this.idle();
    await this.#agent.destroy();
  }
}

/** On one grid, so that the ticks of a day stand a whole number of them apart. */
const tickAfter = (now: number): number => (Math.floor((now - phase) / tick) + 1) * tick + phase;

const keyOf = (target: Target): string => JSON.stringify([target.job, target.instance, target.labels ?? {}]);

const sourceOf = ({ source }: Target): string => (source.is === "url" ? source.url : "text");

function reasonOf(thrown: unknown, timeout: number): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.name === "TimeoutError") return `no answer within ${timeout / 1000} s`;
  const cause = thrown.cause instanceof Error ? thrown.cause : thrown;
  return cause.message;
}
