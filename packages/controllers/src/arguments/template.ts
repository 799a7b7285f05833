import type { Argument } from "@sluice/api";

/** The value, or why there is none, in the original's words. */
export type Resolved<T> =
  | { readonly is: "resolved"; readonly value: T }
  | { readonly is: "fault"; readonly message: string };

export const resolved = <T>(value: T): Resolved<T> => ({ is: "resolved", value });
export const unresolved = (message: string): Resolved<never> => ({ is: "fault", message });

const tag = /\{\{([^{}]*)\}\}/g;

/**
 * Every `{{args.name}}` in every text of `value`, keys included, replaced by the argument.
 * Anything else between double braces can't be resolved. Source: argo-rollouts utils/template/template.go.
 */
export function resolveTemplates<T>(value: T, values: ReadonlyMap<string, string>): Resolved<T> {
  let fault: string | undefined;
  const inText = (text: string): string => {
    if (!text.includes("{{")) return text;
    return text.replace(tag, (whole, inner: string) => {
      const name = inner.trim();
      const found = name.startsWith("args.") ? values.get(name.slice("args.".length)) : undefined;
      if (found === undefined) fault ??= `failed to resolve {{${inner}}}`;
      return found ?? whole;
    });
  };
  const walk = (node: unknown): unknown => {
    if (typeof node === "string") return inText(node);
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, inner]) => [inText(key), walk(inner)]));
  };
  const walked = walk(value) as T;
  return fault === undefined ? resolved(walked) : unresolved(fault);
}

/** Plain values by name; an argument without value and without source is an error. */
export function argumentValues(
  args: readonly Argument[],
  fromSecret: (reference: { readonly name: string; readonly key: string }) => Resolved<string>,
): Resolved<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  for (const { name, value, valueFrom } of args) {
    if (value !== undefined) {
      values.set(name, value);
      continue;
    }
    if (valueFrom?.secretKeyRef === undefined) return unresolved(`args.${name} was not resolved`);
    const secret = fromSecret(valueFrom.secretKeyRef);
    if (secret.is === "fault") return secret;
    values.set(name, secret.value);
  }
  return resolved(values);
}
