import type { JudgementSpec, Rollout } from "@sluice/api";
import { type Clock, formatInstant, seededRandom } from "@sluice/kernel";
import type { JudgedRelease } from "@sluice/verdict";
import type { Fault } from "../model/fault.ts";
import type { ModelledService, ServiceOptions } from "../model/service.ts";
import { defaultTraffic } from "../model/traffic.ts";
import { canary } from "../rehearsal.fixture.ts";
import { startOf2026 } from "./control-plane/deployed.ts";
import { JudgedModel } from "./judging.ts";

const edgesMs = [50, 100, 200, 400, 800];
const endpoints = ["/checkout", "/"];

/** From noon. */
export const serviceOptions = (fault: Fault, seed: number): ServiceOptions => ({
  traffic: defaultTraffic,
  fault,
  endpoints,
  edgesMs,
  random: seededRandom(seed),
  startsAt: startOf2026,
  startSecond: 43_200,
  scrapeSeconds: 300,
  drawsLatency: true,
});

interface Judged {
  readonly service: ModelledService;
  readonly clock: Clock;
  readonly isEachWindow: boolean;
  readonly isReplay: boolean;
  readonly history?: JudgedRelease["history"];
}

/** A model of how a release is judged, with nobody around it. */
export const judgedModel = ({ history = [], ...judged }: Judged): JudgedModel =>
  new JudgedModel({ ...judged, history, edgesMs, endpoints, rollout: () => canary() as Rollout });

/** Of `v2`, which stays at `weight` for ten minutes, from the clock's now on. */
export const judgementSpec = (clock: Clock, weight: number, windowSeconds = 5): JudgementSpec =>
  ({
    canary: { name: "v2" },
    stable: { name: "v1" },
    plan: [{ weight, seconds: 600 }],
    windowSeconds,
    beganAt: formatInstant(clock.now(), "millis"),
  }) as unknown as JudgementSpec;
