import { Fault } from "@sluice/kernel";
import { defaultTraffic, noises, type Traffic } from "@sluice/rehearsal";

/** Traffic as people say it: `--traffic 120rps --errors 0.3% --p95 240ms --daily-swing 3x`. */
export interface TrafficWords {
  readonly traffic?: string;
  readonly errors?: string;
  readonly p95?: string;
  readonly dailySwing?: string;
  readonly noise?: string;
  readonly conversions?: string;
}

/** `usual` where nothing was said. Faults: invalid, with the flag, what was found and what would be right. */
export function trafficOf(words: TrafficWords, usual: Traffic = defaultTraffic): Traffic {
  if (words.noise !== undefined && !isNoise(words.noise))
    throw wrong("--noise", words.noise, Object.keys(noises).join(", "));
  const { week, p50Ms, ...rest } = usual;
  const told = { p95Ms: time(words.p95), dailySwing: swing(words.dailySwing) };
  return {
    ...rest,
    // What was learned of a week or of the middle doesn't fit another swing or another end.
    ...(week === undefined || told.dailySwing !== undefined ? {} : { week }),
    ...(p50Ms === undefined || told.p95Ms !== undefined ? {} : { p50Ms }),
    noise: words.noise === undefined ? usual.noise : noises[words.noise],
    requestsPerSecond: rate(words.traffic) ?? usual.requestsPerSecond,
    errors: share("--errors", words.errors) ?? usual.errors,
    p95Ms: told.p95Ms ?? usual.p95Ms,
    dailySwing: told.dailySwing ?? usual.dailySwing,
    conversions: share("--conversions", words.conversions) ?? usual.conversions,
  };
}

const isNoise = (name: string): name is keyof typeof noises => Object.hasOwn(noises, name);

const amount = String.raw`(\d{1,3}(?:,\d{3})+|\d*\.?\d+)`;
const asRate = new RegExp(
  String.raw`^${amount}\s*([kKM]?)\s*(?:[rRqQ][pP]([smhSMH])|(?:r|q|req|reqs|requests?)?\s*(?:/|per |an? )\s*([a-z]+)|)$`,
);
const secondsOf = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86_400],
]);
const timeUnits = /^(s|sec|second|m|min|minute|h|hour|d|day)$/;

function rate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, many = "", short, word = "s"] = asRate.exec(text.trim()) ?? [];
  const unit = short?.toLowerCase() ?? (timeUnits.test(word) ? word.slice(0, 1) : "");
  const seconds = secondsOf.get(unit) ?? Number.NaN;
  const value = (numberOf(number) * ({ k: 1e3, K: 1e3, M: 1e6 }[many] ?? 1)) / seconds;
  if (!(value > 0 && value <= 1e6))
    throw wrong("--traffic", text, "a rate such as 120rps, 2krps, 30rpm or 500/h, at most a million a second");
  return value;
}

function share(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = new RegExp(`^${amount}\\s*%$`).exec(text.trim())?.[1];
  const value = numberOf(number) / 100;
  if (!(value >= 0 && value < 1)) throw wrong(flag, text, "a share such as 0.3%");
  return value;
}

function time(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit] = new RegExp(`^${amount}\\s*(us|µs|ms|s)$`).exec(text.trim()) ?? [];
  const value = numberOf(number) * (unit === "s" ? 1000 : unit === "ms" ? 1 : 0.001);
  if (!(value > 0 && value <= 600_000)) throw wrong("--p95", text, "a time such as 240ms or 1.5s");
  return value;
}

function swing(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, after, before] = new RegExp(`^(?:${amount}\\s*[xX]?|[xX]\\s*${amount})$`).exec(text.trim()) ?? [];
  const value = numberOf(after ?? before);
  if (!(value >= 1 && value <= 100))
    throw wrong("--daily-swing", text, "the busiest hour over the quietest, such as 3x");
  return value;
}

const numberOf = (text: string | undefined): number => Number(text?.replaceAll(",", "") ?? Number.NaN);

const wrong = (flag: string, found: string, expected: string): Fault =>
  new Fault("invalid", `${flag}: found ${found}, expected ${expected}`);
