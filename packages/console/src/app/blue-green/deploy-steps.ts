import type { BlueGreenDeployment, BlueGreenPhase, Decision } from "@sluice/api";
import { isUnderWay, type StepKind } from "@sluice/api/release";
import type { ShownStep } from "../release/shown-step.ts";

export interface DeployStep extends ShownStep {
  readonly phase: BlueGreenPhase;
  /** What came of it, or how far it is. */
  readonly outcome?: string;
  /** Epoch milliseconds. */
  readonly startedAt?: number;
  /** Milliseconds. */
  readonly took?: number;
}

type Words = { readonly phase: BlueGreenPhase; readonly kind: StepKind; readonly text: string; readonly title: string };

/**
 * What a deploy goes through, with what came of each step: the way to its end, or as far as it came and then the way
 * back. Each phase was entered with a Decision that says what ended the one before.
 */
export function deploySteps(deploy: BlueGreenDeployment, decisions: readonly Decision[]): readonly DeployStep[] {
  const { spec, status } = deploy;
  if (status?.release !== spec.release || status.to === undefined || status.to === status.from) return [];
  const entered = enteredPhases(deploy, decisions);
  const isBack = status.outcome !== undefined && status.outcome.phase !== "Succeeded";
  const words = isBack ? wayBack(deploy, entered) : wayThrough(deploy);
  const isOver = !isUnderWay(deploy);
  const current = words.findLastIndex(({ phase }) => phase === status.phase);
  const failed = isBack ? words.findIndex(({ phase }) => isWayBack(phase)) - 1 : -1;
  return words.map((word, index): DeployStep => {
    const own = entered.findIndex(({ phase }) => phase === word.phase);
    const [began, next] = [entered[own], own < 0 ? undefined : entered[own + 1]];
    const isCurrent = !isOver && index === current;
    const ended = next?.at ?? (isOver && status.finishedAt !== undefined ? Date.parse(status.finishedAt) : undefined);
    const outcome = index === failed ? status.outcome?.message : isCurrent ? status.message : next?.because;
    return {
      ...word,
      index,
      state: index === failed ? "failed" : isCurrent ? "current" : isOver || index < current ? "done" : "next",
      ...(outcome === undefined ? {} : { outcome }),
      ...(began === undefined ? {} : { startedAt: began.at }),
      ...(began === undefined || ended === undefined ? {} : { took: ended - began.at }),
      ...(isCurrent && word.phase === "Draining" ? endOfDrain(deploy) : {}),
    };
  });
}

interface Entered {
  readonly phase: string;
  readonly because: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

const enteredPhases = ({ spec, status }: BlueGreenDeployment, decisions: readonly Decision[]): readonly Entered[] => {
  const own = decisions.filter(({ spec: { subject } }) => subject.revision === spec.release);
  const entered = own.map(({ spec: { inputs, because, at } }): Entered => {
    return { phase: String(inputs?.phase ?? ""), because, at: Date.parse(at) };
  });
  // Being told is no decision, so the last phases have none.
  const { phase = "", phaseStartedAt, message = "" } = status ?? {};
  const isMissing = phase === "Notifying" && phaseStartedAt !== undefined;
  const last = isMissing ? [{ phase, because: message, at: Date.parse(phaseStartedAt) }] : [];
  return [...entered.toSorted((a, b) => a.at - b.at), ...last];
};

const isWayBack = (phase: BlueGreenPhase): boolean => phase === "SwitchingBack" || phase === "CleaningUp";

function wayThrough(deploy: BlueGreenDeployment): readonly Words[] {
  const { spec, status } = deploy;
  const { drainSeconds = 30, healthPath, smoke, verification } = spec;
  const { from, to, fromDeployment, toDeployment, image, replicas } = status ?? {};
  const { requests = 20, path = "/" } = verification ?? {};
  return [
    {
      phase: "Preparing",
      kind: "scale",
      text: "scale up",
      title: `${toDeployment} gets ${image} and ${replicas} Pods`,
    },
    { phase: "WaitingForReady", kind: "scale", text: "ready", title: `Every Pod of ${to} is ready` },
    {
      phase: "CheckingHealth",
      kind: "analysis",
      text: "health",
      title: `Each Pod answers ${healthPath ?? "the path of its probes"}`,
    },
    ...(smoke === undefined ? [] : [smokeWords(smoke.image, to)]),
    { phase: "Switching", kind: "weight", text: "switch", title: `Service ${deploy.metadata.name} picks ${to}` },
    ...(requests === 0 ? [] : [verifyWords(requests, path, to)]),
    { phase: "Draining", kind: "pause", text: "drain", title: `${from} stays for ${drainSeconds} s, the way back` },
    { phase: "CleaningUp", kind: "scale", text: "scale down", title: `${fromDeployment} is scaled down` },
    ...notifyWords(deploy),
  ];
}

const smokeWords = (image: string, to = ""): Words => {
  return { phase: "SmokeTesting", kind: "analysis", text: "smoke test", title: `${image} tries ${to}` };
};

const verifyWords = (requests: number, path: string, to = ""): Words => ({
  phase: "Verifying",
  kind: "analysis",
  text: "verify",
  title: `${to} answers ${requests} requests for ${path} through the router`,
});

const notifyWords = ({ spec }: BlueGreenDeployment): readonly Words[] =>
  spec.notify === undefined ? [] : [{ phase: "Notifying", kind: "other", text: "notify", title: "A webhook is told" }];

/** As far as it came, then what puts things back. */
function wayBack(deploy: BlueGreenDeployment, entered: readonly Entered[]): readonly Words[] {
  const { from, toDeployment } = deploy.status ?? {};
  const came = wayThrough(deploy).filter(
    ({ phase }) => !isWayBack(phase) && phase !== "Notifying" && entered.some((one) => one.phase === phase),
  );
  const hasSwitched = came.some(({ phase }) => phase === "Switching");
  return [
    ...came,
    ...(hasSwitched
      ? [
          {
            phase: "SwitchingBack",
            kind: "weight",
            text: "switch back",
            title: `${from} has the traffic again`,
          } as const,
        ]
      : []),
    { phase: "CleaningUp", kind: "scale", text: "scale down", title: `${toDeployment} is scaled down` },
    ...notifyWords(deploy),
  ];
}

function endOfDrain({ spec, status }: BlueGreenDeployment): { readonly endsAt?: number } {
  const began = Date.parse(status?.phaseStartedAt ?? "");
  return Number.isNaN(began) ? {} : { endsAt: began + (spec.drainSeconds ?? 30) * 1000 };
}
