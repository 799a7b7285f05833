import type { AnyReconciler } from "@sluice/controllers";
import type { Sabotage } from "./index.ts";

/** Observes something else than there is. */
export const observing = (kind: string, change: (observed: Record<string, unknown>) => object): Sabotage =>
  only(kind, (real) => ({
    observe: async (resource, read) => {
      const observed = await real.observe(resource, read);
      return { ...observed, ...change(observed) };
    },
  }));

/** Does something else than was planned; undefined: nothing. */
export const doing = (kind: string, change: (action: Record<string, unknown>) => unknown): Sabotage =>
  only(kind, (real) => ({
    apply: async (resource, action) => {
      const changed = change(action);
      if (changed !== undefined) await real.apply(resource, changed);
    },
  }));

export const only =
  (kind: string, change: (real: AnyReconciler) => Partial<AnyReconciler>): Sabotage =>
  (real) =>
    real.kind.kind !== kind
      ? real
      : {
          kind: real.kind,
          observe: (resource, read) => real.observe(resource, read),
          plan: (observed, now) => real.plan(observed, now),
          apply: (resource, action) => real.apply(resource, action),
          ...change(real),
        };

export const kindOf = ({ object, key }: Record<string, unknown>) =>
  ((object ?? key) as { kind?: string } | undefined)?.kind;
export const rewritten = (action: unknown, from: string, to: string) =>
  JSON.parse(JSON.stringify(action).replaceAll(from, to));
