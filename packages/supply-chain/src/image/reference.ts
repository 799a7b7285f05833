import { Fault } from "@sluice/kernel";

/** `shop:v1`, `shop@sha256:…`, `registry.example.com:5000/team/shop:v1@sha256:…`. */
export interface ImageReference {
  /** Absent: the embedded registry. */
  readonly host?: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const repositoryShape = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagShape = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const digestShape = /^sha256:[0-9a-f]{64}$/;

export const isRepository = (text: string): boolean => text.length <= 255 && repositoryShape.test(text);
export const isTag = (text: string): boolean => tagShape.test(text);
export const isDigest = (text: string): boolean => digestShape.test(text);

/**
 * Reads an image reference. A first part with a dot, a colon or `localhost` is a host, as Docker reads it; but a name
 * without a host means the embedded registry, not Docker Hub. Throws an invalid Fault.
 */
export function parseReference(text: string): ImageReference {
  const [beforeDigest = "", digest, ...rest] = text.split("@");
  const slash = beforeDigest.indexOf("/");
  const first = slash === -1 ? "" : beforeDigest.slice(0, slash);
  const host = first.includes(".") || first.includes(":") || first === "localhost" ? first : undefined;
  const path = host === undefined ? beforeDigest : beforeDigest.slice(slash + 1);
  const colon = path.lastIndexOf(":");
  const repository = colon === -1 ? path : path.slice(0, colon);
  const tag = colon === -1 ? undefined : path.slice(colon + 1);
  const isRight =
    rest.length === 0 &&
    isRepository(repository) &&
    (tag === undefined || isTag(tag)) &&
    (digest === undefined || isDigest(digest));
  if (!isRight) {
    throw new Fault("invalid", `image ${JSON.stringify(text.slice(0, 200))} is no image reference`, {
      violations: [
        {
          path: "image",
          found: JSON.stringify(text.slice(0, 200)),
          expected: "NAME[:TAG][@sha256:DIGEST], in lower case",
        },
      ],
    });
  }
  return {
    ...(host === undefined ? {} : { host }),
    repository,
    ...(tag === undefined ? (digest === undefined ? { tag: "latest" } : {}) : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

export function formatReference({ host, repository, tag, digest }: ImageReference): string {
  const name = host === undefined ? repository : `${host}/${repository}`;
  return `${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
