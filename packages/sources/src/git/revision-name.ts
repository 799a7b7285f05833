import { Fault } from "@sluice/kernel";

const sha = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

export const isFullSha = (text: string): boolean => sha.test(text);

export const isShortSha = (text: string): boolean => /^[0-9a-f]{7,63}$/.test(text);

/**
 * Checks an Application's `targetRevision`: a branch, a tag, a sha, a short sha or HEAD (also for "").
 * Git's own revision language (`main~1`, `:/text`, `@{1}`) is no name of a ref, and isn't taken.
 */
export function checkRevisionName(text: string): string {
  if (text === "") return "HEAD";
  if (/[*<>=^~|\s]|^v?\d+(\.\d+)*\.x$/.test(text) && !/[~^]\d*$/.test(text)) {
    throw refused(text, "a branch, a tag, a sha or HEAD; ranges of versions are not supported yet");
  }
  // https://git-scm.com/docs/git-check-ref-format
  const isRefName =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/$|^\/|\.$|\.lock(\/|$)|(^|\/)\./.test(text) &&
    !text.startsWith("-") &&
    text !== "@" &&
    text.length <= 250;
  if (!isRefName) throw refused(text, "a branch, a tag, a sha or HEAD");
  return text;
}

function refused(found: string, expected: string): Fault {
  const shown = found.slice(0, 120);
  return new Fault("invalid", `targetRevision: found ${JSON.stringify(shown)}, expected ${expected}`, {
    violations: [{ path: "spec.source.targetRevision", found: shown, expected }],
  });
}
