/** How tables name a Service: `name.namespace`, the start of each of its DNS names. */
export const serviceKey = (namespace: string, name: string): string => `${name}.${namespace}`;

const suffixes = [".svc.cluster.local", ".svc", ".localhost"];

/**
 * A host as tables hold it: lower case, without port, final dot and the suffixes under which a Service is known
 * (`frontend.production.svc.cluster.local`, `frontend.production.svc`, `frontend.production.localhost`).
 */
export function canonicalHost(host: string): string {
  let name = withoutPort(host).toLowerCase();
  if (name.endsWith(".")) name = name.slice(0, -1);
  for (const suffix of suffixes) {
    if (name.length > suffix.length && name.endsWith(suffix)) return name.slice(0, -suffix.length);
  }
  return name;
}

/** A host as a resource in `namespace` writes it; a bare name means its own namespace, as in Istio. */
export function resolveHost(host: string, namespace: string): string {
  const name = canonicalHost(host);
  // `shop.localhost` is a name of its own: people choose it for a browser.
  if (!name.includes(".") && host.toLowerCase().endsWith(".localhost")) return host.toLowerCase();
  if (name.includes(".") || name.includes("*") || name === "localhost") return name;
  return serviceKey(namespace, name);
}

function withoutPort(host: string): string {
  if (host.startsWith("[")) {
    const bracket = host.indexOf("]");
    return bracket < 0 ? host : host.slice(0, bracket + 1);
  }
  const colon = host.indexOf(":");
  return colon < 0 ? host : host.slice(0, colon);
}
