/** `host/path:tag@digest`, any part but the path absent. */
export interface ImageReference {
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

export function parseImage(image: string): ImageReference {
  const at = image.indexOf("@");
  const named = at === -1 ? image : image.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  return {
    path: hasTag ? named.slice(0, colon) : named,
    ...(hasTag ? { tag: named.slice(colon + 1) } : {}),
    ...(at === -1 ? {} : { digest: image.slice(at + 1) }),
  };
}

/** Kubernetes: a moving tag is pulled always. */
export function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  const { tag, digest } = parseImage(image);
  return digest === undefined && (tag === undefined || tag === "latest") ? "Always" : "IfNotPresent";
}
