import { Fault } from "@sluice/kernel";

/** A repository that may be asked. `key` is equal for two spellings of the same place. */
export type RepositoryUrl =
  | { readonly is: "local"; readonly key: string; readonly path: string }
  | {
      readonly is: "remote";
      readonly key: string;
      readonly protocol: "http" | "https" | "ssh";
      readonly url: string;
      readonly host: string;
    };

/**
 * Reads an Application's `repoURL`: an absolute path, file://, http(s)://, ssh:// or `git@host:path`.
 * Anything git would take for an option or a helper program (`--upload-pack=…`, `ext::sh`) throws an invalid Fault.
 */
export function parseRepositoryUrl(text: string): RepositoryUrl {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (text === "" || text.length > 2048 || /[\u0000-\u0020\u007f]/.test(text)) {
    throw refused(text, "a URL without blanks or control characters");
  }
  if (text.startsWith("-")) throw refused(text, "a URL; this would be read as an option of git");
  if (text.startsWith("/")) return local(text);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return scpLike(text);
    case "file":
      return local(decodePath(text.slice("file://".length).replace(/^localhost(?=\/)/, ""), text));
    case "http":
    case "https":
    case "ssh":
      return remote(text, scheme);
    default:
      throw refused(text, "file, http, https or ssh");
  }
}

/** The same place in another spelling gives the same text. */
export const sameRepository = (a: string, b: string): boolean => keyOfUrl(a) === keyOfUrl(b);

const keyOfUrl = (text: string): string => {
  try {
    return parseRepositoryUrl(text).key;
  } catch {
    return text;
  }
};

function local(path: string): RepositoryUrl {
  if (!path.startsWith("/")) throw refused(path, "an absolute path after file://");
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) throw refused(path, "a path without `..`");
  const clean = `/${segments.join("/")}`;
  return { is: "local", key: `file://${clean}`, path: clean };
}

function remote(text: string, protocol: "http" | "https" | "ssh"): RepositoryUrl {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused(text, "a URL that can be read");
  }
  if (url.password !== "") {
    throw refused(
      text.replace(/\/\/[^@/]*@/, "//***@"),
      "no password in the URL",
      "put it into a Secret labelled argocd.argoproj.io/secret-type: repository",
    );
  }
  // The user is written into argv and reaches ssh: nothing of it may look like an option.
  checkHost(url.hostname, text);
  checkUser(decodeURIComponent(url.username), text);
  if (url.search !== "" || url.hash !== "") throw refused(text, "no query and no fragment");
  if (decodePath(url.pathname, text).startsWith("/-")) throw refused(text, "a path that doesn't begin with `-`");
  const path = url.pathname.replace(/\/+$/, "").replace(/\.git$/, "");
  const user = protocol === "ssh" && url.username !== "" ? `${url.username}@` : "";
  return { is: "remote", key: `${protocol}://${user}${url.host}${path}`, protocol, url: text, host: url.host };
}

function scpLike(text: string): RepositoryUrl {
  const match = /^(?:([^@/:]+)@)?([^@/:]+):(?!:)([^:].*)$/.exec(text);
  if (match === null || text.includes("::")) throw refused(text, "file, http, https, ssh or user@host:path");
  const [, user, host = "", path = ""] = match;
  checkHost(host, text);
  if (user !== undefined) checkUser(user, text);
  if (path.startsWith("-")) throw refused(text, "a path that doesn't begin with `-`");
  const clean = path
    .replace(/^\/+/, "")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
  const key = `ssh://${user === undefined ? "" : `${user}@`}${host.toLowerCase()}/${clean}`;
  return { is: "remote", key, protocol: "ssh", url: text, host: host.toLowerCase() };
}

function checkHost(host: string, text: string): void {
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9._-]*)$/i.test(host)) throw refused(text, "a host name");
}

function checkUser(user: string, text: string): void {
  if (user !== "" && !/^[A-Za-z0-9_][A-Za-z0-9._+@-]*$/.test(user)) throw refused(text, "a plain user name");
}

function decodePath(path: string, text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    throw refused(text, "a path whose %-escapes can be read");
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(decoded)) throw refused(text, "a path without control characters");
  return decoded;
}

function refused(found: string, expected: string, repair?: string): Fault {
  const shown = found.length > 120 ? `${found.slice(0, 120)}…` : found;
  return new Fault("invalid", `repoURL: found ${JSON.stringify(shown)}, expected ${expected}`, {
    violations: [{ path: "spec.source.repoURL", found: shown, expected, ...(repair === undefined ? {} : { repair }) }],
  });
}
