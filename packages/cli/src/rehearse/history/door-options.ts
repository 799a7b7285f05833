import { existsSync, readFileSync } from "node:fs";
import { Fault } from "@sluice/kernel";
import type { PrometheusDoor } from "@sluice/metrics/node";
import { findStateFolder, type StateFolder, stateFolder } from "../../state/state-folder.ts";
import { type HistoryDoor, ownHistory, prometheusHistory } from "./door.ts";

/** Which metrics are asked, and how one is let in. Secrets come from files; a URL may hold user and password. */
export interface HistoryOptions {
  readonly fromPrometheus?: string;
  /** `Name: value`; `Name: @file` reads it. */
  readonly prometheusHeader?: readonly string[];
  readonly prometheusTokenFile?: string;
  readonly prometheusUser?: string;
  readonly prometheusPasswordFile?: string;
  readonly prometheusInsecure?: boolean;
  readonly service?: readonly string[];
  readonly query?: string;
  readonly queryFailures?: string;
  /** A time; false where nothing is to be learned. */
  readonly history?: string | boolean;
  readonly data?: string;
}

/** The Sluice that is here, where nobody said that nothing is to be learned, or named another place. */
export function ownState(options: HistoryOptions): StateFolder | undefined {
  if (options.fromPrometheus !== undefined || options.history === false) return undefined;
  return options.data === undefined ? findStateFolder(process.cwd()) : stateFolder(options.data);
}

/** The Prometheus that was named, else the Sluice that is here; undefined where there is neither. */
export async function historyDoor(options: HistoryOptions): Promise<HistoryDoor | undefined> {
  if (options.fromPrometheus !== undefined) return prometheusHistory(doorOf(options.fromPrometheus, options));
  refuseAlone(options);
  const state = ownState(options);
  return state === undefined || !existsSync(state.metrics) ? undefined : ownHistory(state);
}

function doorOf(address: string, options: HistoryOptions): PrometheusDoor {
  const { prometheusTokenFile, prometheusUser, prometheusPasswordFile } = options;
  if ((prometheusUser === undefined) !== (prometheusPasswordFile === undefined)) {
    throw new Fault("invalid", "--prometheus-user and --prometheus-password-file go together");
  }
  if (!/^https?:\/\//.test(address) || !URL.canParse(address)) {
    throw new Fault("invalid", `--from-prometheus: found ${address}, expected a URL such as http://prometheus:9090`);
  }
  return {
    address,
    insecure: options.prometheusInsecure === true,
    headers: (options.prometheusHeader ?? []).map(headerOf),
    ...(prometheusTokenFile === undefined
      ? {}
      : { bearerToken: secretIn(prometheusTokenFile, "--prometheus-token-file") }),
    ...(prometheusUser === undefined || prometheusPasswordFile === undefined
      ? {}
      : {
          basicAuth: {
            username: prometheusUser,
            password: secretIn(prometheusPasswordFile, "--prometheus-password-file"),
          },
        }),
  };
}

function headerOf(text: string) {
  const [, key, value = ""] = /^([\w-]+):\s*(.+)$/s.exec(text) ?? [];
  if (key === undefined) throw new Fault("invalid", '--prometheus-header: expected "Name: value", or "Name: @file"');
  return { key, value: value.startsWith("@") ? secretIn(value.slice(1), "--prometheus-header") : value };
}

function secretIn(path: string, flag: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new Fault("invalid", `${flag}: can't read ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}

/** A flag that would do nothing is no flag. */
function refuseAlone(options: HistoryOptions): void {
  const alone = [
    [options.prometheusHeader, "--prometheus-header"],
    [options.prometheusTokenFile, "--prometheus-token-file"],
    [options.prometheusUser, "--prometheus-user"],
    [options.prometheusPasswordFile, "--prometheus-password-file"],
    [options.prometheusInsecure, "--prometheus-insecure"],
  ] as const;
  const found = alone.find(([value]) => value !== undefined);
  if (found !== undefined) throw new Fault("invalid", `${found[1]} needs --from-prometheus`);
}
