import { ApiFault, didYouMean, type KindDefinition, type KindRegistry } from "@sluice/api";
import { describeViolation, type KindKey, type ResourceKey, type Violation } from "@sluice/kernel";

// The texts are Kubernetes' own: people and tools search for them.

const resourceName = ({ group, plural }: KindDefinition): string => (group === "" ? plural : `${plural}.${group}`);

export const notFound = (definition: KindDefinition, name: string): ApiFault =>
  new ApiFault("NotFound", `${resourceName(definition)} "${name}" not found`);

export const alreadyExists = (definition: KindDefinition, name: string): ApiFault =>
  new ApiFault("AlreadyExists", `${resourceName(definition)} "${name}" already exists`);

export const conflict = (definition: KindDefinition, name: string, why: string): ApiFault =>
  new ApiFault("Conflict", `Operation cannot be fulfilled on ${resourceName(definition)} "${name}": ${why}`);

export const modified = (definition: KindDefinition, name: string): ApiFault =>
  conflict(
    definition,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  );

export const forbidden = (definition: KindDefinition, name: string, why: string): ApiFault =>
  new ApiFault("Forbidden", `${resourceName(definition)} "${name}" is forbidden: ${why}`);

export function invalid({ group, kind }: KindDefinition, name: string, violations: readonly Violation[]): ApiFault {
  const what = group === "" ? kind : `${kind}.${group}`;
  const texts = violations.map(describeViolation);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new ApiFault("Invalid", `${what} "${name}" is invalid: ${list}`, { violations });
}

export const badRequest = (message: string, violations: readonly Violation[] = []): ApiFault =>
  new ApiFault("BadRequest", message, { violations });

export const expired = (message: string): ApiFault => new ApiFault("Expired", message);

export const methodNotAllowed = (message: string): ApiFault => new ApiFault("MethodNotAllowed", message);

export function definitionOf(kinds: KindRegistry, key: KindKey | ResourceKey): KindDefinition {
  const definition = kinds.byKind(key);
  if (definition !== undefined) return definition;
  const meant = didYouMean(
    key.kind,
    kinds.all().map(({ kind }) => kind),
  );
  const hint = meant === undefined || meant === key.kind ? "" : `; did you mean ${meant}?`;
  throw new ApiFault(
    "NotFound",
    `the server could not find the requested resource: no kind ${key.kind} in ${key.apiVersion}${hint}`,
  );
}

export const tooLarge = (asked: number, current: number): ApiFault =>
  new ApiFault("Timeout", `Too large resource version: ${asked}, current: ${current}`);
