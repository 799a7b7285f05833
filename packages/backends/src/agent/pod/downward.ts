import {
  type Container,
  type ObjectFieldSelector,
  type Pod,
  quantityValue,
  type ResourceFieldSelector,
} from "@sluice/api";

/** What stands in for a limit that isn't set: all of the machine. */
export interface Capacity {
  readonly cpus: number;
  readonly memoryBytes: number;
}

export interface PodPlace {
  readonly podIP: string;
  readonly hostIP: string;
  readonly nodeName: string;
}

/** The text of a Pod's own field; undefined where Kubernetes knows no such fieldPath. */
export function fieldText(pod: Pod, place: PodPlace, { fieldPath }: ObjectFieldSelector): string | undefined {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (keyed !== null) {
    const table = keyed[1] === "labels" ? metadata.labels : metadata.annotations;
    return table?.[keyed[2] as string] ?? "";
  }
  switch (fieldPath) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace ?? "default";
    case "metadata.uid":
      return metadata.uid ?? "";
    case "metadata.labels":
      return mapText(metadata.labels);
    case "metadata.annotations":
      return mapText(metadata.annotations);
    case "spec.nodeName":
      return place.nodeName;
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "default";
    case "status.hostIP":
    case "status.hostIPs":
      return place.hostIP;
    case "status.podIP":
    case "status.podIPs":
      return place.podIP;
    default:
      return undefined;
  }
}

/** As the downward API writes a map into a file. */
function mapText(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}

/** Rounded up to whole divisors, as Kubernetes does. Undefined where the resource has no meaning here. */
export function resourceText(
  container: Container | undefined,
  { resource, divisor }: ResourceFieldSelector,
  capacity: Capacity,
): string | undefined {
  const [list, name] = resource.split(".");
  if (container === undefined || (list !== "limits" && list !== "requests")) return undefined;
  const whole = name === "cpu" ? capacity.cpus : name === "memory" ? capacity.memoryBytes : 0;
  const set = list === "limits" ? container.resources?.limits : container.resources?.requests;
  const said = set?.[name ?? ""];
  const value = (said === undefined ? undefined : quantityValue(said)) ?? (list === "limits" ? whole : 0);
  const unit = quantityValue(divisor ?? 1) ?? 1;
  return String(Math.ceil(value / (unit === 0 ? 1 : unit) - 1e-9));
}
