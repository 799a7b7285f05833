/** Configuration for one run, by environment: it never stands in argv, which every user of the machine can read. */
export type GitConfig = readonly (readonly [key: string, value: string])[];

const passedOn = [
  "PATH",
  "HOME",
  "TMPDIR",
  "SSH_AUTH_SOCK",
  "http_proxy",
  "https_proxy",
  "HTTPS_PROXY",
  "no_proxy",
  "NO_PROXY",
  "ALL_PROXY",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "GIT_EXEC_PATH",
] as const;

// Nothing of the user's own configuration takes part: no hooks, no helpers, no aliases, no background upkeep.
const alwaysConfigured: GitConfig = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["credential.helper", ""],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["http.lowSpeedLimit", "1000"],
  ["http.lowSpeedTime", "20"],
  ["protocol.version", "2"],
  ["user.name", "Sluice"],
  ["user.email", "sluice@localhost"],
];

/**
 * The environment of a git process: no prompt, no helpers of the user, only the named protocols.
 * `globalConfig` is a file of ours; `protocols` is "none" for processes that only read objects, so that a
 * repository with a promisor remote can't make them start anything.
 */
export function gitEnvironment(
  globalConfig: string,
  protocols: "none" | "file" | "http:https" | "ssh",
  config: GitConfig = [],
  extra: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "false",
    SSH_ASKPASS: "false",
    SSH_ASKPASS_REQUIRE: "never",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: globalConfig,
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_ALLOW_PROTOCOL: protocols === "none" ? "nothing" : protocols,
  };
  for (const name of passedOn) if (process.env[name] !== undefined) env[name] = process.env[name];
  const all = [...alwaysConfigured, ...config];
  env.GIT_CONFIG_COUNT = String(all.length);
  all.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return { ...env, ...extra };
}
