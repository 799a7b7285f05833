/** What users do, and how the service answers them on an ordinary day. */
export interface Traffic {
  /** Mean over a day. */
  readonly requestsPerSecond: number;
  /** 0..1, of the stable version. */
  readonly errors: number;
  readonly p95Ms: number;
  /** Half of the answers are faster; absent: as far below the 95th percentile as is usual. */
  readonly p50Ms?: number;
  /** The busiest hour over the quietest; 1 is flat. */
  readonly dailySwing: number;
  /** Each hour of a week over the mean, from Monday 0:00 UTC; before `dailySwing` where it is known. */
  readonly week?: readonly number[];
  readonly noise: Noise;
  /** 0..1, of the requests that succeed. */
  readonly conversions: number;
  /** 0..1: answers with 304 and 404, which are no failures. */
  readonly notFound: number;
  readonly pods?: number;
}

export interface Noise {
  /** Standard deviation of the log of the load, over minutes. */
  readonly load: number;
  /** Bursts of failures an hour that hit both versions. */
  readonly burstsAnHour: number;
  /** How much a burst multiplies the ordinary failures. */
  readonly burst: number;
  /** Standard deviation of the log of the ordinary failures' share, over minutes, of both versions together. */
  readonly failures?: number;
  /** Standard deviation of the log of latency, of both versions together. */
  readonly latency: number;
  /** The same between two equal versions: nodes, paths. */
  readonly apart: number;
}

export const noises: Readonly<Record<"calm" | "normal" | "wild", Noise>> = {
  calm: { load: 0.05, burstsAnHour: 0, burst: 1, latency: 0.01, apart: 0.002 },
  normal: { load: 0.12, burstsAnHour: 0.5, burst: 3, latency: 0.04, apart: 0.005 },
  wild: { load: 0.3, burstsAnHour: 3, burst: 8, latency: 0.12, apart: 0.02 },
};

export const defaultTraffic: Traffic = {
  requestsPerSecond: 100,
  errors: 0.003,
  p95Ms: 240,
  dailySwing: 1,
  noise: noises.normal,
  conversions: 0.03,
  notFound: 0.01,
};

export const p95InSigmas = 1.6449;
const usualSpread = 0.55;

/** How wide latencies lie around their middle: the standard deviation of their log. */
export const latencySpread = ({ p50Ms, p95Ms }: Traffic): number =>
  p50Ms === undefined ? usualSpread : Math.min(3, Math.max(0.05, Math.log(p95Ms / p50Ms) / p95InSigmas));

const daySeconds = 86_400;

const hourSeconds = 3600;

/** How long it takes until the load comes again as it was. */
export const periodOf = ({ week }: Traffic): number => (week === undefined ? daySeconds : week.length * hourSeconds);

/** The factor on the mean at `second` of that period: between two hours' middles it changes evenly. */
export function loadFactor({ week, dailySwing }: Traffic, second: number): number {
  if (week === undefined) return dailyFactor(dailySwing, second);
  const hour = second / hourSeconds - 0.5 + week.length;
  const before = Math.floor(hour);
  const at = (place: number): number => week[place % week.length] ?? 1;
  return at(before) + (hour - before) * (at(before + 1) - at(before));
}

/** The factor on the mean at `second` of a day, so that its mean over the day is 1. */
function dailyFactor(swing: number, second: number): number {
  const amplitude = (swing - 1) / (swing + 1);
  return 1 + amplitude * Math.sin((2 * Math.PI * second) / daySeconds);
}
