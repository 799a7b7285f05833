import type { IncomingMessage, ServerResponse } from "node:http";
import type { Client, Judgement, KindRegistry } from "@sluice/api";
import { routeTableReconciler } from "@sluice/backends/embedded";
import {
  applyManifestsHandler,
  everyReconciler,
  type KindLookup,
  Loop,
  TaskBoard,
  workloadDigests,
} from "@sluice/controllers";
import { millis } from "@sluice/kernel";
import type { MetricsStore } from "@sluice/metrics/node";
import { gitTaskHandlers } from "@sluice/sources";
import type { Credentials } from "../state/credentials.ts";
import type { ProcessRecord } from "../state/process-record.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { analysisQueries } from "./analysis-queries.ts";
import { blueGreenTasks } from "./blue-green-tasks.ts";
import { canaryTraffic } from "./canary-traffic.ts";
import { judgeWindows } from "./judging/judge-windows.ts";
import { usableTeamModel } from "./judging/team-model.ts";
import { WindowLogs } from "./judging/window-logs.ts";
import { log } from "./log.ts";
import { realClock } from "./real-clock.ts";
import { Repositories } from "./repositories.ts";
import { ringTraffic } from "./ring-traffic.ts";
import { routerCounts, shared } from "./router-counts.ts";
import { syntheticCheck } from "./synthetic-check.ts";
import { userAnswers } from "./user-answers.ts";

export interface ControllersOptions {
  readonly state: StateFolder;
  readonly client: Client;
  readonly kinds: KindRegistry;
  readonly metrics: { readonly store: MetricsStore };
  readonly credentials: Credentials;
  /** The agent that lives now. */
  readonly agent: () => ProcessRecord | undefined;
}

export interface RunningControllers {
  /** `POST /hooks/git`. */
  handleHook(request: IncomingMessage, response: ServerResponse): void;
  stop(): Promise<void>;
}

/** Every controller of one machine in one loop, with real outside work behind its tasks. */
export async function startControllers(options: ControllersOptions): Promise<RunningControllers> {
  const { client, metrics, kinds, state, credentials } = options;
  const repositories = new Repositories({ state, client, credentials, log });
  await repositories.start();
  const { sources } = repositories;
  const kindOf: KindLookup = (kind) => kinds.byKind(kind);
  const digestsOf = workloadDigests(kindOf);
  const router = { agent: options.agent, agentToken: credentials.agentToken };
  const tasks = new TaskBoard(realClock, {
    ...analysisQueries(metrics.store, client),
    canaryTraffic: canaryTraffic(
      metrics.store,
      shared(() => routerCounts(router), realClock, millis(20)),
    ),
    ringTraffic: ringTraffic(metrics.store),
    userAnswers: userAnswers(metrics.store),
    judgeWindows: judgeWindows({
      store: metrics.store,
      logs: new WindowLogs(state.judgements),
      teamModel: () => usableTeamModel(state.teamModel),
      judgementsOf: async (namespace, rollout) => {
        const { items } = await client.list<Judgement>(
          { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" },
          { namespace, labelSelector: `sluice.dev/subject=${rollout}` },
        );
        return items;
      },
      now: () => realClock.now(),
    }),
    ...blueGreenTasks(router),
    syntheticCheck: syntheticCheck(client, realClock),
    applyManifests: applyManifestsHandler(client),
    ...gitTaskHandlers({ sources, stateFolder: state.path, digestsOf }),
  });
  const loop = new Loop({
    client,
    clock: realClock,
    tasks,
    fieldManager: "sluice",
    reconcilers: (effects) => [
      // Linux binds all of 127.0.0.0/8; elsewhere Services are reached through the environment.
      ...everyReconciler(effects, { kinds: kindOf, allocatesAddresses: process.platform === "linux" }),
      routeTableReconciler(effects.client),
    ],
    onPass: ({ kind, object, because, fault }) => {
      if (fault !== undefined) log(`${kind} ${object}: ${fault.kind}: ${because}`);
      else if (process.env.SLUICE_DEBUG !== undefined) log(`${kind} ${object}: ${because}`);
    },
  });
  await loop.start();
  return {
    handleHook: (request, response) => repositories.handleHook(request, response),
    async stop() {
      loop.stop();
      repositories.stop();
      tasks.cancelAll();
    },
  };
}
