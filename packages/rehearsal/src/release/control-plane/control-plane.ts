import { type Decision, keyOf, type Rollout } from "@sluice/api";
import {
  askJudge,
  type Cancellation,
  type Effects,
  promotePatch,
  type RequestedPatch,
  type TaskHandler,
} from "@sluice/controllers";
import { type Clock, Fault, type Instant, type Random, type TaskWork, VirtualClock } from "@sluice/kernel";
import type { ModelledCluster } from "../../model/cluster.ts";
import type { Ask, Reply } from "./ask.ts";
import { type Course, isFull, type Rest, type Way, wayOf } from "./course.ts";
import { reconcilersOf } from "./deployed.ts";
import { askOf } from "./meaning.ts";
import { type Objects, World } from "./world.ts";

/** Whom the controllers ask: users and their metrics, and the judge. */
export interface Outside {
  /** Tells the reply at once, or later; what comes back ends that. */
  ask(ask: Ask, tell: (reply: Reply) => void): () => void;
  syntheticCheck(timers: Clock): TaskHandler;
}

export interface ControlPlaneOptions {
  /** With the new version. */
  readonly release: Rollout;
  readonly outside: Outside;
  /** What there is as it starts, and when that is. */
  readonly at: Instant;
  readonly objects: Objects;
  readonly decisions: readonly Decision[];
  readonly cluster: (now: () => Instant) => ModelledCluster;
  readonly random: () => Random;
  /** Of releases that begin alike; undefined for one that has something of its own. */
  readonly course: Course | undefined;
}

interface Question {
  readonly ask: Ask;
  /** Undefined where it wasn't told at once. */
  reply: Reply | undefined;
  drop: () => void;
  isDropped: boolean;
}

/** What comes from outside while the controllers rest. */
type Input = {
  readonly at: Instant;
  /** Among the ways of the place where it comes; undefined where only this release goes on from here. */
  readonly way: string | undefined;
} & (
  | { readonly is: "release" | "time" | "promotion" }
  | { readonly is: "reply"; readonly question: number; readonly reply: Reply }
);

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

/** The controllers themselves, at work. */
interface Running {
  readonly clock: VirtualClock;
  readonly world: World;
  readonly cluster: ModelledCluster;
}

/**
 * The controllers of one release. They are functions of what they are told, so that most releases of a policy have them do
 * what others have had them do: such a release goes along that course, and nothing runs. Where it leaves the course
 * (another meaning of an answer, another moment), the controllers are started, are told all that this release was asked
 * until then, and run from there.
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #questions: Question[] = [];
  readonly #inputs: Input[] = [];
  readonly #waiting = new Map<number, Waiting>();
  /** Told since the controllers came to rest. */
  #told: { readonly question: number; readonly reply: Reply }[] = [];
  /** The Rollout's, among all objects. */
  readonly #name: string;
  #running: Running | undefined;
  /** How many questions the controllers have asked that run. */
  #asked = 0;
  /** Where the next turn is looked up or noted; undefined once this release goes on alone. */
  #way: Way | undefined;
  #rest: Rest | undefined;
  /** While a question of the course is asked. */
  #rolloutThen: Rollout | undefined;

  private constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.#name = `Rollout/${options.release.metadata.name}`;
    this.#way = options.course?.start;
  }

  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const plane = new ControlPlane(options);
    await plane.#follow(plane.#way);
    return plane;
  }

  get objects(): Objects {
    return this.#running?.world.objects ?? this.#known.objects;
  }

  /** The same objects for ever, and of every release that comes by. */
  get isKept(): boolean {
    return this.#running === undefined;
  }

  get decisions(): Iterable<Decision> {
    return this.#running?.world.decisions.values() ?? this.#known.decisions;
  }

  get routeChanges(): number {
    return this.#running?.world.routeChanges ?? this.#known.routeChanges;
  }

  get rollout(): Rollout | undefined {
    return this.#rolloutThen ?? (this.objects.get(this.#name) as Rollout | undefined);
  }

  /** What the controllers themselves wait for. */
  get nextDue(): Instant | undefined {
    return this.#running === undefined ? this.#known.nextDue : this.#running.clock.nextDue();
  }

  /** Whatever is due by then, and whatever the controllers were told meanwhile. */
  async advanceTo(at: Instant): Promise<void> {
    for (let due = this.nextDue; due !== undefined && due <= at; due = this.nextDue) {
      await this.#take({ is: "time", at: due, way: "time" });
    }
    for (const { question, reply } of this.#told.splice(0)) {
      const { ask, isDropped } = this.#questions[question] as Question;
      if (isDropped) continue;
      const meaning = ask.meaningOf(reply);
      const way = meaning === undefined ? undefined : `${at}: ${question} ${meaning}`;
      await this.#take({ is: "reply", question, reply, at, way });
    }
  }

  /** Somebody applies the new version. */
  release(at: Instant): Promise<void> {
    return this.#take({ is: "release", at, way: "release" });
  }

  /** By a person. */
  promote(at: Instant): Promise<void> {
    return this.#take({ is: "promotion", at, way: `${at}: promoted` });
  }

  /** For what happens to this release alone: its own controllers, at that time. */
  async alone(at: Instant): Promise<Running> {
    const running = this.#running ?? (await this.#run());
    this.#goOnAlone();
    await running.world.advanceTo(at);
    return running;
  }

  stop(): void {
    this.#goOnAlone();
    this.#running?.world.stop();
  }

  get #known(): Rest {
    if (this.#rest === undefined) throw new Fault("bug", "the controllers neither run nor rest");
    return this.#rest;
  }

  #goOnAlone(): void {
    this.#way = undefined;
    this.#rest = undefined;
  }

  async #take(input: Input): Promise<void> {
    this.#inputs.push(input);
    if (this.#running !== undefined) return this.#apply(this.#running, input);
    return this.#follow(input.way === undefined ? undefined : this.#known.ways.get(input.way));
  }

  /** Along what is known; the controllers run where that ends. */
  async #follow(way: Way | undefined): Promise<void> {
    let turn = way?.turn;
    while (turn !== undefined && turn.is !== "rests") {
      if (turn.is === "drops") {
        this.#drop(turn.question);
        turn = turn.way.turn;
        continue;
      }
      this.#rolloutThen = turn.ask.rollout;
      const meaning = meaningNow(this.#put(turn.ask));
      this.#rolloutThen = undefined;
      turn = meaning === undefined ? undefined : turn.ways.get(meaning)?.turn;
    }
    if (turn === undefined) await this.#run();
    else this.#rest = turn.rest;
  }

  #put(ask: Ask): Question {
    const number = this.#questions.length;
    const question: Question = { ask, reply: undefined, drop: () => {}, isDropped: false };
    this.#questions.push(question);
    let isPut = false;
    question.drop = this.#options.outside.ask(ask, (reply) => {
      if (isPut) this.#told.push({ question: number, reply });
      else question.reply = reply;
    });
    isPut = true;
    return question;
  }

  #drop(number: number): void {
    const question = this.#questions[number];
    if (question === undefined) return;
    question.isDropped = true;
    question.drop();
  }

  /** Starts the controllers and tells them all that they were told before. */
  async #run(): Promise<Running> {
    const { at, objects, decisions, course, random } = this.#options;
    const clock = new VirtualClock(at);
    const cluster = this.#options.cluster(() => clock.now());
    this.#way = course?.start;
    const world: World = await World.create({
      random: random(),
      clock,
      holds: objects,
      decided: decisions,
      reconcilers: (effects: Effects) => reconcilersOf(effects, cluster),
      tasks: {
        queryPrometheus: (work, cancellation) => this.#answer(world, "queryPrometheus", work, cancellation),
        canaryTraffic: (work, cancellation) => this.#answer(world, "canaryTraffic", work, cancellation),
        judgeWindows: (work, cancellation) => this.#answer(world, "judgeWindows", work, cancellation),
        ringTraffic: async () => ({ rings: [] }),
        // From figures of this release, and over a time of their own.
        askJudge: (work, cancellation) => {
          this.#goOnAlone();
          return askJudge(world.client)(work, cancellation);
        },
        syntheticCheck: (work, cancellation) => {
          this.#goOnAlone();
          return this.#options.outside.syntheticCheck(world.timers)(work, cancellation);
        },
      },
    });
    const running = { clock, world, cluster };
    this.#running = running;
    await world.settle();
    this.#come(running);
    for (const input of [...this.#inputs]) await this.#apply(running, input);
    return running;
  }

  async #apply({ world, ...running }: Running, input: Input): Promise<void> {
    this.#way = this.#rest === undefined ? undefined : this.#wayOf(this.#rest.ways, input.way);
    await world.advanceTo(input.at);
    switch (input.is) {
      case "time":
        break;
      case "release":
        await world.apply(this.#options.release);
        break;
      case "reply": {
        const waiting = this.#waiting.get(input.question);
        this.#waiting.delete(input.question);
        if (waiting !== undefined) settle(waiting, input.reply);
        break;
      }
      case "promotion":
        for (const { patch, subresource } of promotePatch(this.rollout as Rollout))
          await this.#patch(world, patch, subresource);
        break;
    }
    await world.settle();
    this.#come({ world, ...running });
  }

  async #patch(
    world: World,
    patch: RequestedPatch["patch"],
    subresource: RequestedPatch["subresource"],
  ): Promise<void> {
    const key = keyOf(this.#options.release);
    await world.client.patch(key, patch, subresource === undefined ? {} : { subresource });
  }

  /** The controllers rest: noted, for others that come by. */
  #come({ world, clock }: Running): void {
    const { course } = this.#options;
    const way = this.#way;
    this.#rest = undefined;
    if (way === undefined || course === undefined) return;
    if (way.turn === undefined) {
      if (isFull(course)) {
        this.#goOnAlone();
        return;
      }
      course.rests++;
      const rest = {
        objects: new Map(world.objects),
        decisions: [...world.decisions.values()],
        routeChanges: world.routeChanges,
        nextDue: clock.nextDue(),
        ways: new Map(),
      };
      way.turn = { is: "rests", rest };
    }
    if (way.turn.is !== "rests") throw astray();
    this.#rest = way.turn.rest;
  }

  /** Of a question that was put before the controllers ran the reply is known. */
  #answer(world: World, does: Ask["does"], work: TaskWork, cancellation: Cancellation): Promise<unknown> {
    const number = this.#asked++;
    const question = this.#questions[number] ?? this.#put(askOf(does, work, this.rollout as Rollout, world.objects));
    this.#noteAsked(question);
    return new Promise((resolve, reject) => {
      if (question.reply !== undefined) return settle({ resolve, reject }, question.reply);
      this.#waiting.set(number, { resolve, reject });
      cancellation.onCancel(() => {
        if (!this.#waiting.delete(number)) return;
        this.#drop(number);
        this.#noteDropped(number);
      });
    });
  }

  /** Undefined where nobody else could go it. */
  #wayOf(ways: Map<string, Way>, name: string | undefined): Way | undefined {
    const { course } = this.#options;
    return course === undefined || name === undefined ? undefined : wayOf(course, ways, name);
  }

  #noteAsked(question: Question): void {
    if (this.#way === undefined) return;
    this.#way.turn ??= { is: "asks", ask: question.ask, ways: new Map() };
    const { turn } = this.#way;
    if (turn.is !== "asks") throw astray();
    this.#way = this.#wayOf(turn.ways, meaningNow(question));
  }

  #noteDropped(question: number): void {
    if (this.#way === undefined) return;
    this.#way.turn ??= { is: "drops", question, way: { turn: undefined } };
    const { turn } = this.#way;
    if (turn.is !== "drops") throw astray();
    this.#way = turn.way;
  }
}

const meaningNow = ({ ask, reply }: Question): string | undefined =>
  reply === undefined ? "later" : ask.meaningOf(reply);

const settle = ({ resolve, reject }: Waiting, reply: Reply): void =>
  reply.is === "done" ? resolve(reply.result) : reject(reply.cause);

const astray = (): Fault => new Fault("bug", "controllers that were told the same did something else");
