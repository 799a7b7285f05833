import { createHash, timingSafeEqual } from "node:crypto";
import { ApiFault } from "@sluice/api";

/** Who asks. `name` becomes the field manager of writers that name none. */
export interface Identity {
  readonly name: string;
}

/** A bearer token and whose it is: `admin` in the kubeconfig, `agent` for the node agent. */
export interface NamedToken {
  readonly name: string;
  readonly token: string;
}

/** Finds a token's owner in time that depends neither on the token nor on how much of it is right. */
export function tokenCheck(tokens: readonly NamedToken[]): (authorization: string | undefined) => Identity {
  const known = tokens.map(({ name, token }) => ({ identity: { name }, digest: digestOf(token) }));
  return (authorization) => {
    const match = /^Bearer +(\S+)$/i.exec(authorization ?? "");
    const given = digestOf(match?.[1] ?? "");
    let found: Identity | undefined;
    for (const { identity, digest } of known) if (timingSafeEqual(digest, given)) found = identity;
    if (match === null || found === undefined) throw new ApiFault("Unauthorized", "Unauthorized");
    return found;
  };
}

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

export interface RequestOrigin {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

const ownNames = ["localhost", "127.0.0.1", "[::1]", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

/**
 * Refuses what a foreign web page could send: another Host (DNS rebinding), another Origin.
 * `extraHosts` are further names that the server is reached by.
 */
export function originCheck(extraHosts: readonly string[] = []): (request: RequestOrigin) => void {
  const names = new Set([...ownNames, ...extraHosts.map((name) => name.toLowerCase())]);
  return ({ host, origin, fetchSite }) => {
    if (host === undefined || !names.has(hostName(host))) {
      throw new ApiFault("Forbidden", "this Host is not served: use localhost, or 127.0.0.1");
    }
    const ours = origin === undefined || origin.toLowerCase() === `https://${host.toLowerCase()}`;
    if (!ours || (fetchSite !== undefined && fetchSite !== "same-origin" && fetchSite !== "none")) {
      throw new ApiFault("Forbidden", "requests from other web pages are not served");
    }
  };
}

const hostName = (host: string): string => host.toLowerCase().replace(/:\d*$/, "");
