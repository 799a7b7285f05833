export interface Ordered {
  readonly namespace: string;
  readonly name: string;
  readonly createdAt?: string;
}

export function byName(a: Ordered, b: Ordered): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** As Istio orders what it merges: the oldest first, then by name. */
export function byAge(a: Ordered, b: Ordered): number {
  const [left, right] = [a.createdAt ?? "", b.createdAt ?? ""];
  if (left !== right) return left < right ? -1 : 1;
  return byName(a, b);
}
