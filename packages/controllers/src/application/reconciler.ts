import type { Application, ApplicationStatus } from "@sluice/api";
import { type Instant, type Millis, type Plan, type Reader, type Reconciler, seconds } from "@sluice/kernel";
import { applyEffect, type Effect, type Effects } from "../loop/index.ts";
import { applicationKind } from "./names.ts";
import { ApplicationObserver, type Observed } from "./observe.ts";
import { planApplication } from "./plan.ts";
import type { KindLookup } from "./targets.ts";

export interface ApplicationReconcilerOptions {
  readonly effects: Effects;
  /** Which kinds are served; CustomResourceDefinitions add to them at run time. */
  readonly kinds: KindLookup;
  /** Default 2 s, as Argo CD. */
  readonly waveDelay?: Millis;
}

/** Needs handlers for the tasks `fetchManifests` (from `sources`) and `applyManifests` ({@link applyManifestsHandler}). */
export class ApplicationReconciler implements Reconciler<Application, Observed, Effect> {
  readonly kind = applicationKind;
  readonly #effects: Effects;
  readonly #observer: ApplicationObserver;
  readonly #waveDelay: Millis;

  constructor({ effects, kinds, waveDelay }: ApplicationReconcilerOptions) {
    this.#effects = effects;
    this.#observer = new ApplicationObserver(kinds);
    this.#waveDelay = waveDelay ?? seconds(2);
  }

  observe(application: Application, read: Reader): Promise<Observed> {
    return this.#observer.observe(application, read);
  }

  plan(observed: Observed, now: Instant): Plan<Effect, ApplicationStatus> {
    return planApplication(observed, now, { waveDelay: this.#waveDelay });
  }

  apply(_application: Application, action: Effect): Promise<void> {
    return applyEffect(action, this.#effects);
  }
}
