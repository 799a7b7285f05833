import { type Application, type Client, hasReason, keyOf, type Resource } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { rolloutKey, rolloutOf, takenOver, templateKey, templateOf, type Wanted } from "./manifests/release.ts";
import { application, applicationOf, surroundings } from "./manifests/surroundings.ts";
import type { Fate, Removal, Story } from "./story/story.ts";
import type { ModelledRepository } from "./world/repository.ts";

/** Whoever writes the manifests: what they want, and how it gets there. */
export class Author {
  readonly #story: Story;
  readonly #client: Client;
  readonly #repository: ModelledRepository;
  readonly #versions: Wanted["template"][] = [];
  #wanted: Wanted;

  constructor(story: Story, client: Client, repository: ModelledRepository) {
    this.#story = story;
    this.#client = client;
    this.#repository = repository;
    this.#wanted = {
      template: this.#version("well"),
      replicas: story.replicas,
      plan: story.plan,
      isEnforced: story.isEnforced,
      rings: 0,
      settings: 0,
      hasNotes: true,
      isThere: true,
    };
  }

  /** How many versions there were. */
  get releases(): number {
    return this.#versions.length;
  }

  /** All of it for the first time. */
  async begin(): Promise<void> {
    if (this.#story.delivery === "git") {
      this.#repository.commit(this.#manifests());
      this.#repository.onPush = () => this.announce();
      await this.#client.create(applicationOf());
    } else for (const object of this.#manifests()) await this.#client.create(object);
  }

  push(fate: Fate, isLasting: boolean | undefined): Promise<void> {
    return this.change(() => ({ template: this.#version(fate, isLasting) }));
  }

  /** An earlier version. */
  pushAgain(place: number): Promise<void> {
    return this.change(() => ({ template: this.#versions[place % this.#versions.length] as Wanted["template"] }));
  }

  #manifests(): readonly Resource[] {
    const rollout = rolloutOf(this.#story, this.#wanted);
    const taken = this.#story.template === "own" ? [] : [takenOver(this.#wanted)];
    return [...surroundings(this.#story, this.#wanted), ...taken, ...(this.#wanted.isThere ? [rollout] : [])];
  }

  /** Where the manifests stand: in a repository, whose hook tells, or on this machine. */
  async change(of: (wanted: Wanted) => Partial<Wanted>): Promise<void> {
    const before = this.#wanted;
    const change = of(before);
    this.#wanted = { ...before, ...change };
    if (this.#story.delivery === "git") {
      this.#repository.commit(this.#manifests());
      return this.announce();
    }
    for (const object of surroundings(this.#story, this.#wanted)) {
      const known = surroundings(this.#story, before).find((one) => sameJson(keyOf(one), keyOf(object)));
      if (sameJson(known, object)) continue;
      const { spec, data } = object as Resource & { readonly data?: object };
      const value = { ...(spec === undefined ? {} : { spec }), ...(data === undefined ? {} : { data }) };
      await this.#client.patch(keyOf(object), { type: "merge", value });
    }
    const { template, replicas, strategy } = rolloutOf(this.#story, this.#wanted).spec;
    if (change.template !== undefined && this.#story.template === "deployment") {
      await this.#client.patch(templateKey, { type: "merge", value: { spec: { template: change.template } } });
      return;
    }
    const value = {
      ...(change.template === undefined ? {} : { template }),
      ...(change.replicas === undefined ? {} : { replicas }),
      ...(change.plan === undefined ? {} : { strategy }),
    };
    if (!this.#wanted.isThere || (await this.#client.get(rolloutKey)) === undefined) return;
    await this.#client.patch(rolloutKey, { type: "merge", value: { spec: value } });
  }

  /** Past git, whose Application brings it back; or with all that deploys it. True where the Rollout itself was deleted. */
  async remove(how: Removal): Promise<boolean> {
    const isPruned = this.#story.delivery === "git" && how === "foreground";
    if (isPruned) {
      await this.change(() => ({ isThere: false }));
      return false;
    }
    const propagationPolicy = ({ background: "Background", foreground: "Foreground", orphan: "Orphan" } as const)[how];
    if (this.#story.delivery === "hand") this.#wanted = { ...this.#wanted, isThere: false };
    if ((await this.#client.get(rolloutKey)) !== undefined)
      await this.#client.delete(rolloutKey, { propagationPolicy });
    return true;
  }

  async recreate(): Promise<void> {
    if (this.#story.delivery === "git") return this.change(() => ({ isThere: true }));
    try {
      await this.#client.create(rolloutOf(this.#story, this.#wanted));
    } catch (thrown) {
      // It is there, or still on its way out.
      if (!hasReason(thrown, "AlreadyExists")) throw thrown;
      return;
    }
    this.#wanted = { ...this.#wanted, isThere: true };
  }

  /** What the watch of a repository does when it sees a push. */
  async announce(): Promise<void> {
    if ((await this.#client.get<Application>(application)) === undefined) return;
    const value = { metadata: { annotations: { "argocd.argoproj.io/refresh": "normal" } } };
    await this.#client.patch(application, { type: "merge", value });
  }

  #version(fate: Fate, isLasting = false): Wanted["template"] {
    const { isConfigured } = this.#story;
    const template = templateOf(this.#versions.length + 1, { fate, isLasting, isConfigured });
    this.#versions.push(template);
    return template;
  }
}
