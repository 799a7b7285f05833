import type { Pod } from "@sluice/api";
import type { Checks } from "./invariant.ts";
import { isReady, type Picture, type Remains, wantedOf } from "./picture.ts";

const isProtected = ({ metadata }: Pod): boolean => metadata.labels?.app === "web";
const isThere = ({ metadata }: Pod): boolean => metadata.deletionTimestamp === undefined;
const setOf = ({ metadata }: Pod): string => metadata.ownerReferences?.[0]?.uid ?? "";

/** Pods that controllers take although their ReplicaSet wants them: nobody had to, so the budget has its word. */
export class BudgetWatch {
  #looked: Remains | undefined;
  #before: Remains | undefined;
  /** Taken since everything was at rest, when all that could be known was known. */
  readonly #taken = new Set<string>();
  /** The fewest that each ReplicaSet wanted since then: it may still be at it. */
  readonly #fewest = new Map<string, number>();
  /** Controllers may write just after it, before whoever took it is done. */
  readonly #evicted = new Set<string>();

  look(now: Remains): void {
    this.#taken.clear();
    this.#fewest.clear();
    this.#looked = now;
    this.#before = now;
  }

  /** What people take is no doing of controllers. */
  evicted({ metadata }: Pod): void {
    this.#evicted.add(metadata.uid ?? "");
  }

  /** Nor is what else they do. */
  aside(now: Remains): void {
    this.#before = now;
  }

  written(now: Picture, checks: Checks): void {
    const { budget } = now;
    const [before, looked] = [this.#before, this.#looked];
    this.#before = now;
    if (budget === undefined || before === undefined || looked === undefined) return;
    const left = new Set(now.pods.filter(isThere).map(({ metadata }) => metadata.uid));
    const taken = before.pods.filter(
      (pod) =>
        isProtected(pod) && isThere(pod) && !left.has(pod.metadata.uid) && !this.#evicted.has(pod.metadata.uid ?? ""),
    );
    // What a ReplicaSet has too many of it takes itself, as a rolling update does.
    const staying = now.sets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const voluntary = staying.flatMap((set) => {
      const { uid = "" } = set.metadata;
      const own = (pod: Pod) => setOf(pod) === uid;
      const fewest = Math.min(wantedOf(set), this.#fewest.get(uid) ?? wantedOf(set));
      this.#fewest.set(uid, fewest);
      const surplus = before.pods.filter((pod) => isThere(pod) && own(pod)).length - fewest;
      return taken.filter(own).slice(Math.max(0, surplus));
    });
    for (const { metadata } of voluntary) this.#taken.add(metadata.uid ?? "");
    if (voluntary.length === 0) return;
    // Those that got ready since then count as well.
    const serving = (pods: readonly Pod[]) =>
      pods.filter((pod) => isProtected(pod) && isReady(pod) && !this.#taken.has(pod.metadata.uid ?? "")).length;
    const healthy = Math.max(serving(looked.pods), serving(now.pods));
    const { minAvailable, maxUnavailable = 0 } = budget.spec;
    const owners = new Set(looked.pods.filter((pod) => isProtected(pod) && isThere(pod)).map(setOf));
    const expectedOf = ({ sets }: Remains) =>
      sets.filter(({ metadata }) => owners.has(metadata.uid ?? "")).reduce((sum, set) => sum + wantedOf(set), 0);
    // A version that was just let go counts no more.
    const expected = Math.min(expectedOf(looked), expectedOf(now));
    const desired = Number(minAvailable ?? expected - Number(maxUnavailable));
    checks.holds(
      "budget",
      healthy >= desired,
      () =>
        `${voluntary.map(({ metadata }) => metadata.name).join(", ")} taken: ${healthy} pods serve, ${desired} are to`,
    );
  }
}
