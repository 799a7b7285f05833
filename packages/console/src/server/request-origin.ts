import type { IncomingMessage } from "node:http";

/** Why this request isn't served, or undefined: foreign names (DNS rebinding) and other web pages are turned away. */
export function originRefusal({ headers, method }: IncomingMessage): string | undefined {
  if (!isLoopbackName(headers.host)) return "this Host is not served: use localhost";
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) {
    return "requests from other web pages are not served";
  }
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return undefined;
  // A link on another page may lead here; what it may not is load or change anything in our name.
  const isVisit =
    method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return isVisit ? undefined : "requests from other web pages are not served";
}

function isLoopbackName(host: string | undefined): boolean {
  const name = (host ?? "").toLowerCase().replace(/:\d+$/, "");
  return name === "localhost" || name === "127.0.0.1" || name === "[::1]";
}
