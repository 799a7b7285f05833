import { parseInstant } from "@sluice/kernel";

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const quantity = /^[+-]?(\d+|\d+\.\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const duration = /^[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/;
const percentage = /^\d+%?$/;
const ipv4 = /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/;
const ipv6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/;
const uuid = /^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$/;
const date = /^\d{4}-\d\d-\d\d$/;
const email = /^[^\s@]+@[^\s@]+$/;
const uri = /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/;
const hostname = /^(?=.{1,253}$)[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*$/;

type Format = { readonly expected: string; readonly holds: (value: string) => boolean };

const formats: Readonly<Record<string, Format>> = {
  "date-time": { expected: "a time such as 2026-01-31T12:00:00Z", holds: (value) => parseInstant(value) !== undefined },
  date: { expected: "a date such as 2026-01-31", holds: (value) => date.test(value) },
  byte: { expected: "base64", holds: isBase64 },
  quantity: { expected: "a quantity such as 500m, 64Mi or 2", holds: (value) => quantity.test(value) },
  "go-duration": { expected: "a duration such as 30s, 5m or 1h30m", holds: (value) => duration.test(value) },
  "go-duration-or-argument": {
    expected: "a duration such as 30s, 5m or 1h30m, or an argument such as {{args.interval}}",
    holds: (value) => duration.test(value) || /\{\{[^{}]+\}\}/.test(value),
  },
  duration: { expected: "a duration such as 30s, 5m or 1h30m", holds: (value) => duration.test(value) },
  "count-or-percent": { expected: "a count, or a percentage such as 25%", holds: (value) => percentage.test(value) },
  ip: { expected: "an IP address", holds: (value) => ipv4.test(value) || ipv6.test(value) },
  ipv4: { expected: "an IPv4 address", holds: (value) => ipv4.test(value) },
  ipv6: { expected: "an IPv6 address", holds: (value) => ipv6.test(value) },
  uuid: { expected: "a UUID", holds: (value) => uuid.test(value) },
  email: { expected: "an e-mail address", holds: (value) => email.test(value) },
  uri: { expected: "a URI", holds: (value) => uri.test(value) },
  hostname: { expected: "a host name", holds: (value) => hostname.test(value) },
};

/** What a text of this format would be, where it isn't one. Formats that nobody knows bind nothing, as in Kubernetes. */
export function formatProblem(format: string, value: string): string | undefined {
  if (!Object.hasOwn(formats, format)) return undefined;
  const known = formats[format];
  return known === undefined || known.holds(value) ? undefined : known.expected;
}

function isBase64(value: string): boolean {
  if (value.length < 4096) return base64.test(value.replace(/[\r\n]/g, ""));
  // A regular expression over megabytes overflows the stack in some engines; the alphabet and the length say the same.
  return /^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/.test(value) && value.replace(/[\r\n]/g, "").length % 4 === 0;
}

const unitMillis = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Go's time.ParseDuration in milliseconds; undefined where it isn't one. */
export function goDurationMillis(value: string): number | undefined {
  if (!duration.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * unitMillis[unit as keyof typeof unitMillis];
  }
  return value.startsWith("-") ? -total : total;
}

const quantityScale: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Kubernetes' amount as a number: `500m` is 0.5, `64Mi` is 67108864. Undefined where it isn't one. */
export function quantityValue(value: string | number): number | undefined {
  if (typeof value === "number") return value;
  if (!quantity.test(value)) return undefined;
  const suffix = /([KMGTPE]i|[numkMGTPE])$/.exec(value)?.[0];
  if (suffix === undefined) return Number(value);
  return Number(value.slice(0, -suffix.length)) * (quantityScale[suffix] ?? 1);
}
