import type { Checks } from "./invariant.ts";
import { hashOf, type Picture, readyOf, wantedOf } from "./picture.ts";

/** Traffic that was taken from a version whose Pods were all there. */
interface Loss {
  /** The step and the edit of then: whoever moves on or edits since may give it again. */
  readonly place: string;
  readonly at: number;
}

const takingBack: ReadonlySet<string> = new Set(["abort", "quarantine"]);

/** What a version lost it gets again once it was decided about since: a crash between two effects decides nothing. */
export class ReturnWatch {
  #hash = "";
  #weight = 0;
  #loss: Loss | undefined;

  written(now: Picture, checks: Checks): void {
    const { canaryHash, stableHash, weight, rollout, decisions } = now;
    const { canary } = rollout.spec.strategy;
    // A stable version that was made smaller gives and takes as its Pods come and go.
    if (canary?.trafficRouting === undefined || canary.dynamicStableScale === true || canaryHash === stableHash) return;
    const had = this.#hash === canaryHash ? this.#weight : 0;
    if (this.#hash !== canaryHash || weight > 0) {
      const loss = this.#hash === canaryHash ? this.#loss : undefined;
      if (loss !== undefined && loss.place === placeOf(now)) {
        const last = decisions
          .filter((one) => hashOf(one) === canaryHash && writtenAt(one.metadata) > loss.at)
          .toSorted((one, other) => writtenAt(one.metadata) - writtenAt(other.metadata))
          .at(-1);
        const words = () => `${canaryHash} gets ${weight} % again, and nobody decided so since it lost all it had`;
        checks.holds("why", last !== undefined && !takingBack.has(last.spec.action), words);
      }
      this.#loss = undefined;
    } else if (had > 0 && isWhole(now)) this.#loss = { place: placeOf(now), at: lastWrite(now) };
    this.#hash = canaryHash;
    this.#weight = weight;
  }
}

const writtenAt = ({ resourceVersion }: { readonly resourceVersion?: string }): number => Number(resourceVersion ?? 0);
const lastWrite = ({ routes }: Picture): number => Math.max(...routes.map(({ metadata }) => writtenAt(metadata)));

const placeOf = ({ rollout: { metadata, status } }: Picture): string =>
  `${metadata.generation} ${status?.currentPodHash} ${status?.currentStepIndex}`;

const isWhole = (now: Picture): boolean => {
  const wanted = now.sets.filter((set) => hashOf(set) === now.canaryHash).reduce((sum, set) => sum + wantedOf(set), 0);
  return wanted > 0 && readyOf(now, now.canaryHash) >= wanted;
};
