/**
 * Good releases for the benchmark's `--families`, whose Pods take minutes to warm up, as compilers and caches do: 70 to 190 s
 * in place of 30 to 70.
 */
interface Rng {
  range(from: number, to: number): number;
}

interface Service {
  /** How many times more latency and failures a Pod has at its start, beyond the usual ones; `tau`: the seconds in which that fades. */
  cold: { lat: number; err: number; tau: number };
}

function startsSlowly(name: string, slower: readonly [number, number], failing: readonly [number, number]) {
  return {
    name,
    label: "good",
    make(rng: Rng, service: Service) {
      service.cold = { lat: rng.range(...slower), err: rng.range(...failing), tau: rng.range(70, 190) };
      return {};
    },
  };
}

export const FAMILIES = [
  startsSlowly("slow start", [0.3, 2], [0, 3]),
  startsSlowly("slow start, latency alone", [0.3, 2], [0.1, 0.1]),
  startsSlowly("slow start, failures alone", [0.1, 0.1], [0.5, 3]),
];
