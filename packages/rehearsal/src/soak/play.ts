import type { Client, Resource } from "@sluice/api";
import { type AnyReconciler, type Effects, everyReconciler } from "@sluice/controllers";
import { hours, type Millis, millis, minutes, seconds, seededRandom } from "@sluice/kernel";
import { Author } from "./author.ts";
import { checkBesideEnd, checkColours, checkWorker, isWorkerWhole } from "./invariants/beside.ts";
import { BudgetWatch } from "./invariants/budget.ts";
import { checkGitEnd, checkPause, checkReleaseEnd, waitsForBudget } from "./invariants/end.ts";
import { checkGone } from "./invariants/gone.ts";
import { Checks, type Invariant, Violated } from "./invariants/invariant.ts";
import { checkMeasured, checkMeasuredEnd } from "./invariants/measured.ts";
import { hashOf, isPicture, type Picture, pictureOf, type Remains } from "./invariants/picture.ts";
import { ReturnWatch } from "./invariants/returned.ts";
import { TableWatch } from "./invariants/table.ts";
import { TrafficWatch } from "./invariants/traffic.ts";
import { Truth } from "./invariants/truth.ts";
import { checkEndpoints, checkQuarantines, checkRecords } from "./invariants/versions.ts";
import { checkWritten, leading } from "./invariants/written.ts";
import {
  beside,
  coloursKey,
  coloursOf,
  experimentOf,
  jobOf,
  runOf,
  workerKey,
  workerTemplate,
} from "./manifests/beside.ts";
import { budgetKey } from "./manifests/policies.ts";
import { namespaces } from "./manifests/surroundings.ts";
import { answers, questionOf, say } from "./persons.ts";
import { calm, type Fate, type Step, type Story } from "./story/story.ts";
import { modelledAgent } from "./world/agent.ts";
import { Outside } from "./world/outside.ts";
import { type Drawn, storyKinds, UnkindWorld } from "./world/world.ts";

export interface Played {
  /** What was violated first; undefined where everything held. */
  readonly violated: Violated | undefined;
  readonly virtualMillis: number;
  /** What the platform did. */
  readonly drawn: Drawn;
  /** How often each kind was looked at by its controller. */
  readonly passes: ReadonlyMap<string, number>;
  readonly releases: number;
  readonly checks: ReadonlyMap<Invariant, number>;
  /** What everybody has in the end. */
  readonly stableImage: string | undefined;
}

/** For plants: another controller in place of a real one. */
export type Sabotage = (reconciler: AnyReconciler) => AnyReconciler;

/** Controllers of another room that are played with the others. */
export interface Company {
  readonly reconcilers: (effects: Effects) => readonly AnyReconciler[];
  /** There from the beginning. */
  readonly objects: readonly Resource[];
  /** What is wrong in the end; undefined where nothing is. */
  readonly faultAtEnd: (client: Client) => Promise<string | undefined>;
}

const alone: Company = { reconcilers: () => [], objects: [], faultAtEnd: async () => undefined };

/** Tells one story to the real controllers. The same story has the same end. */
export async function play(
  story: Story,
  sabotage: Sabotage = (same) => same,
  company: Company = alone,
): Promise<Played> {
  const kinds = storyKinds();
  const outside = new Outside(kinds);
  const world = await UnkindWorld.create({
    random: seededRandom(story.seed),
    disturbance: calm,
    kinds,
    reconcilers: (effects: Effects) =>
      [
        ...everyReconciler(effects, { kinds: (kind) => kinds.byKind(kind), allocatesAddresses: false }),
        modelledAgent(effects, () => outside.answer === "good"),
        ...company.reconcilers(effects),
      ].map((reconciler) => sabotage(reconciler as AnyReconciler)),
    tasks: (client) => outside.tasks(client),
  });
  return new Player(story, world, outside, company).run();
}

class Player {
  readonly #story: Story;
  readonly #world: UnkindWorld;
  readonly #outside: Outside;
  readonly #company: Company;
  readonly #checks = new Checks();
  readonly #budget = new BudgetWatch();
  #traffic = new TrafficWatch();
  #returns = new ReturnWatch();
  readonly #table = new TableWatch();
  readonly #truth = new Truth();
  /** What people have said so far. */
  readonly #said = new Set<string>();
  readonly #author: Author;
  #numbers = 0;
  /** The worker had what a rolling update promises, when it was last changed or since. */
  #wasWhole = false;
  #before: Picture | undefined;
  /** What was there at the last look, with a Rollout or without one. */
  #seen: Remains | undefined;
  /** When users were led elsewhere last. */
  #written: Picture | undefined;
  #violated: Violated | undefined;
  #revision = -1;
  #isStopped = false;

  constructor(story: Story, world: UnkindWorld, outside: Outside, company: Company) {
    this.#company = company;
    this.#story = story;
    this.#world = world;
    this.#outside = outside;
    this.#author = new Author(story, world.client, outside.repository);
  }

  async run(): Promise<Played> {
    const { steps, disturbance } = this.#story;
    const world = this.#world;
    let violated: Violated | undefined;
    world.onWrite = (kind) => this.#lead(kind);
    try {
      await this.#begin();
      world.disturbance = disturbance;
      for (const step of steps) {
        const { amid } = step;
        if (amid === undefined) await this.#do(step);
        else world.amid(amid, () => this.#do(step));
        await this.#pass(millis(1));
      }
      await world.rest();
      await this.#end();
    } catch (thrown) {
      violated =
        thrown instanceof Violated ? thrown : new Violated("settles", String((thrown as Error)?.stack ?? thrown));
    }
    this.#isStopped = true;
    world.stop();
    const { clock, drawn, passes } = world;
    const { counts: checks } = this.#checks;
    const stable = this.#before?.sets.find((set) => hashOf(set) === this.#before?.rollout.status?.stableRS);
    const stableImage = stable?.spec.template?.spec.containers[0]?.image;
    return {
      violated,
      virtualMillis: clock.elapsed,
      drawn,
      passes,
      releases: this.#author.releases,
      checks,
      stableImage,
    };
  }

  async #begin(): Promise<void> {
    const { client } = this.#world;
    for (const object of [...namespaces, ...this.#company.objects, ...beside(this.#story)]) await client.create(object);
    await this.#author.begin();
  }

  /** Lets time pass. A world that doesn't come to rest throws. */
  async #pass(time: Millis): Promise<void> {
    await this.#world.run(time, () => this.#look());
    this.#checks.holds("settles", true, () => "");
  }

  /** Everything is well from now on, and nobody does anything. */
  async #end(): Promise<void> {
    const world = this.#world;
    const { repository } = this.#outside;
    this.#outside.answer = "good";
    this.#outside.ruling = "continue";
    repository.isReachable = true;
    world.disturbance = calm;
    await this.#author.announce();
    await this.#pass(hours(1));
    if (this.#seen?.rollout === undefined) {
      await this.#author.recreate();
      await this.#pass(hours(1));
    }
    await this.#sync();
    await this.#answer();
    await this.#release();
    if (this.#before === undefined) throw new Violated("agrees", "there is no Rollout");
    checkReleaseEnd(this.#before, this.#checks);
    const fault = await this.#company.faultAtEnd(world.client);
    this.#checks.holds("agrees", fault === undefined, () => fault ?? "");
    checkBesideEnd(this.#before, this.#wasWhole, this.#checks);
    checkMeasuredEnd(this.#before, this.#checks);
    checkGitEnd(this.#before, repository, this.#checks);
  }

  /** What couldn't be synced in five tries waits for a person, who is told so. */
  async #sync(): Promise<void> {
    const conditions = this.#before?.application?.status?.conditions ?? [];
    if (!conditions.some(({ type }) => type === "SyncError")) return;
    await say(this.#world.client, "sync", this.#world.clock.now(), (pod) => this.#budget.evicted(pod));
    await this.#pass(hours(1));
  }

  /** A restart waits for as long as a budget has no room. */
  async #release(): Promise<void> {
    if (this.#before === undefined || !waitsForBudget(this.#before)) return;
    await this.#world.client.delete(budgetKey);
    await this.#pass(hours(1));
  }

  /**
   * A release that waits for people ends once they say so, one way or the other. Behind an answer another question may wait,
   * as of what git has instead once a version was taken back: each has answers of its own.
   */
  async #answer(): Promise<void> {
    const said = new Map<string, number>();
    const asked = () => this.#before && questionOf(this.#before.rollout);
    for (let question = asked(); question !== undefined; question = asked()) {
      const count = said.get(question) ?? 0;
      const word = answers[count];
      const { message } = this.#before?.rollout.status ?? {};
      this.#checks.holds("ends", word !== undefined, () => `whatever a person says, it is Paused: ${message}`);
      if (this.#before !== undefined) checkPause(this.#before, this.#world.clock.now(), this.#checks);
      if (word === undefined) return;
      said.set(question, count + 1);
      this.#said.add(word);
      await say(this.#world.client, word, this.#world.clock.now(), (pod) => this.#budget.evicted(pod));
      await this.#pass(minutes(10));
      if (this.#before?.rollout.status?.phase === "Progressing") await this.#pass(hours(1));
    }
  }

  async #look(): Promise<void> {
    const world = this.#world;
    if (this.#isStopped) return;
    const isNews = world.revision !== this.#revision;
    this.#revision = world.revision;
    const now = isNews || this.#seen === undefined ? await pictureOf(world.client, this.#story) : this.#seen;
    const at = world.clock.elapsed;
    if (this.#violated !== undefined) throw this.#violated;
    this.#checks.begin();
    this.#checks.holds("sound", world.bug === undefined, () => world.bug ?? "");
    checkGone(now, this.#seen, at, this.#checks);
    this.#budget.look(now);
    this.#wasWhole ||= isWorkerWhole(now);
    const isOther = this.#before?.rollout.metadata.uid !== now.rollout?.metadata.uid;
    if (isOther) {
      this.#traffic = new TrafficWatch();
      this.#returns = new ReturnWatch();
    }
    const before = isOther ? undefined : this.#before;
    const remains = this.#seen;
    this.#seen = now;
    if (!isPicture(now)) {
      this.#before = undefined;
      this.#written = undefined;
      return checkEndpoints(now, at, this.#checks);
    }
    this.#traffic.look(now, before, remains, at, this.#checks);
    checkQuarantines(now, before, at, this.#checks);
    checkEndpoints(now, at, this.#checks);
    checkRecords(now, before, at, this.#checks);
    checkWorker(now, before, this.#checks);
    checkColours(now, before, at, this.#checks);
    checkMeasured(now, before, this.#checks);
    this.#table.look(now, at, this.#checks);
    this.#truth.look(now, before, this.#said, at, this.#checks);
    this.#before = now;
    this.#written = now;
  }

  /** Amid all that is still to be done. */
  async #lead(kind: string): Promise<void> {
    const isProtected = kind === "Pod" && this.#story.budget !== "none";
    if ((!leading.has(kind) && !isProtected) || this.#isStopped) return;
    const now = await pictureOf(this.#world.client, this.#story);
    const before = this.#written;
    if (!isPicture(now)) return;
    if (!isProtected) this.#written = now;
    try {
      if (isProtected) this.#budget.written(now, this.#checks);
      else if (before !== undefined && before.rollout.metadata.uid === now.rollout.metadata.uid) {
        checkWritten(now, before, this.#before, this.#checks);
        this.#returns.written(now, this.#checks);
      }
    } catch (thrown) {
      if (!(thrown instanceof Violated)) throw thrown;
      this.#violated ??= thrown;
    }
  }

  async #do(step: Step): Promise<void> {
    const world = this.#world;
    const { client } = world;
    switch (step.do) {
      case "push":
        return this.#author.push(step.fate, step.isLasting);
      case "again":
        return this.#author.pushAgain(step.place);
      case "scale":
        return this.#author.change(() => ({ replicas: step.replicas }));
      case "steps":
        return this.#author.change(() => ({ plan: step.plan }));
      case "wait":
        return world.run(seconds(step.seconds), () => this.#look());
      case "query":
        this.#outside.answer = step.answer;
        return;
      case "verdict":
        this.#outside.ruling = step.ruling;
        return;
      case "git":
        this.#outside.repository.isReachable = step.isReachable;
        return;
      case "clock":
        return world.clock.jump(seconds(step.seconds));
      case "worker": {
        if (!this.#story.beside.includes("worker")) return;
        this.#wasWhole = isWorkerWhole(await pictureOf(client, this.#story));
        const template = workerTemplate(++this.#numbers, step.fate);
        await client.patch(workerKey, { type: "merge", value: { spec: { template } } });
        return;
      }
      case "job":
        await client.create(jobOf(++this.#numbers, step.fate));
        return;
      case "colours":
        return this.#deployColours(step.fate);
      case "experiment":
        await client.create(experimentOf(++this.#numbers, step.fate));
        return;
      case "run":
        await client.create(runOf(++this.#numbers, step.fate));
        return;
      case "configure":
        return this.#author.change(({ settings }) => ({ settings: settings + 1 }));
      case "policy":
        return this.#author.change(({ isEnforced }) => ({ isEnforced: !isEnforced }));
      case "rings":
        return this.#author.change(({ rings }) => ({ rings: rings + 1 }));
      case "remove":
        if (await this.#author.remove(step.how)) this.#budget.aside(await pictureOf(client, this.#story));
        return;
      case "recreate":
        return this.#author.recreate();
      case "notes":
        return this.#author.change(({ hasNotes }) => ({ hasNotes: !hasNotes }));
      case "crash":
        return world.crash();
      case "watchGap":
        return world.watchGap();
      default:
        this.#said.add(step.do);
        await say(client, step.do, world.clock.now(), (pod) => this.#budget.evicted(pod));
        if (this.#story.budget !== "none") this.#budget.aside(await pictureOf(client, this.#story));
    }
  }

  async #deployColours(fate: Fate): Promise<void> {
    if (!this.#story.beside.includes("colours")) return;
    const { client } = this.#world;
    const wanted = coloursOf(++this.#numbers, fate);
    if ((await client.get(coloursKey)) === undefined) await client.create(wanted);
    else await client.patch(coloursKey, { type: "merge", value: { spec: wanted.spec } });
  }
}
