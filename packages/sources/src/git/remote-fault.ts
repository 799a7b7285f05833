import { Fault, type FaultKind } from "@sluice/kernel";

const signs: readonly (readonly [RegExp, FaultKind, string])[] = [
  [
    /Authentication failed|could not read (Username|Password)|terminal prompts disabled|HTTP.* 40[13]|error: 40[13]|Permission denied|access denied|not authorized|Invalid username or/i,
    "forbidden",
    "check the repository's Secret (label argocd.argoproj.io/secret-type: repository)",
  ],
  [/Host key verification failed/i, "forbidden", "the host's key is not in known_hosts"],
  [
    /Repository not found|not found: did you run|does not appear to be a git repository|repository '.*' not found|error: 404/i,
    "invalid",
    "no such repository, or no right to see it",
  ],
  [
    /Operation too slow|transfer closed with outstanding read data|timed out/i,
    "unavailable",
    "the remote doesn't answer in time; it is asked again",
  ],
];

/** Sorts what git said about a remote. The text is git's own last words, already free of secrets. */
export function remoteFault(action: string, place: string, stderr: string): Fault {
  const said = lastWords(stderr);
  for (const [sign, kind, hint] of signs) {
    if (sign.test(stderr)) return new Fault(kind, `${action} ${place}: ${said} (${hint})`);
  }
  return new Fault("unavailable", `${action} ${place}: ${said}`);
}

export function lastWords(stderr: string): string {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter(
      (line) => line !== "" && !/^(hint|warning):|Please make sure you have|and the repository exists/.test(line),
    );
  const telling = lines.filter((line) => /^(fatal|error|remote|ssh|ERROR)\b/.test(line));
  return (telling.at(-1) ?? lines.at(-1) ?? "git gave no reason").slice(0, 300);
}
