import type { ConfigMap, Secret } from "../kinds/core/config.ts";
import type { PodTemplateSpec } from "../kinds/core/pod.ts";

/** One place that two versions have differently. Absent on the side where there is nothing. */
export interface Change {
  /** `containers[shop].image`; of configuration its key. */
  readonly at: string;
  readonly before?: string;
  readonly after?: string;
  /** It may be a secret: what stands here says only that there is something. */
  readonly isHidden?: true;
}

const hidden = "(hidden)";

/** Names under which people keep what nobody should read. */
const secretive = /passw|secret|token|credential|private|api_?-?key/i;

/** Field by field, by the names of containers, variables and volumes. `nameOf`: what a copy of configuration is a copy of. */
export function templateChanges(
  before: PodTemplateSpec | undefined,
  after: PodTemplateSpec | undefined,
  nameOf: (name: string) => string = (name) => name,
): readonly Change[] {
  return between(fieldsOf(before, nameOf), fieldsOf(after, nameOf), (at) => {
    const [, variable = ""] = /\.env\[([^\]]+)\]\.value$/.exec(at) ?? [];
    return secretive.test(variable) || secretive.test(/annotations\.(.*)$/.exec(at)?.[1] ?? "");
  });
}

/** Key by key. Nothing of a Secret is told but which keys are others. */
export function configurationChanges(
  before: ConfigMap | Secret | undefined,
  after: ConfigMap | Secret | undefined,
): readonly Change[] {
  return between(contentOf(before), contentOf(after), (key) => isSecret(before ?? after) || secretive.test(key));
}

const isSecret = (object: ConfigMap | Secret | undefined): boolean => object?.kind === "Secret";

function contentOf(object: ConfigMap | Secret | undefined): ReadonlyMap<string, string> {
  const { data = {}, binaryData = {} } = (object ?? {}) as ConfigMap;
  return new Map([...Object.entries(data), ...Object.entries(binaryData)]);
}

type Fields = ReadonlyMap<string, string>;

function between(before: Fields, after: Fields, isHidden: (at: string) => boolean): readonly Change[] {
  const places = [...new Set([...before.keys(), ...after.keys()])];
  return places.flatMap((at): readonly Change[] => {
    const [was, is] = [before.get(at), after.get(at)];
    if (was === is) return [];
    if (!isHidden(at)) return [{ at, ...differing(was, is) }];
    return [{ at, ...sides(was && hidden, is && hidden), isHidden: true }];
  });
}

/** Of texts of many lines, those from the first to the last that differ. */
function differing(before: string | undefined, after: string | undefined): Pick<Change, "before" | "after"> {
  if (before === undefined || after === undefined) return sides(before, after);
  const [was, is] = [before.split("\n"), after.split("\n")];
  const shorter = Math.min(was.length, is.length);
  let first = 0;
  while (first < shorter - 1 && was[first] === is[first]) first++;
  let same = 0;
  while (same < shorter - first - 1 && was[was.length - 1 - same] === is[is.length - 1 - same]) same++;
  const part = (lines: readonly string[]) => lines.slice(first, lines.length - same).join("\n");
  return sides(part(was), part(is));
}

const sides = (before: string | undefined, after: string | undefined): Pick<Change, "before" | "after"> => ({
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after }),
});

function fieldsOf(template: PodTemplateSpec | undefined, nameOf: (name: string) => string): Fields {
  const fields = new Map<string, string>();
  const text = (value: unknown) =>
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === "string" ? nameOf(inner) : inner));
  const walk = (value: unknown, at: string): void => {
    if (value === undefined || value === null) return;
    if (typeof value === "string") fields.set(at, nameOf(value));
    else if (typeof value !== "object") fields.set(at, String(value));
    else if (!Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, at === "" ? key : `${at}.${key}`);
    } else {
      const items = itemsOf(value);
      if (items === undefined) fields.set(at, text(value));
      for (const [key, item] of items ?? []) {
        if (Object.values(item).every((inner) => inner === undefined)) fields.set(`${at}[${key}]`, "there");
        walk(item, `${at}[${key}]`);
      }
    }
  };
  const { metadata = {}, spec } = template ?? {};
  walk({ labels: metadata.labels, annotations: metadata.annotations }, "metadata");
  walk(spec, "");
  return fields;
}

const keyFields = ["mountPath", "name", "containerPort"] as const;

/** The items of a list by what they are known by, and without it; undefined where nothing tells them apart. */
function itemsOf(list: readonly unknown[]): ReadonlyMap<string, object> | undefined {
  const items = list.map((item) => {
    const fields: Readonly<Record<string, unknown>> = typeof item === "object" && item !== null ? { ...item } : {};
    const field = keyFields.find((each) => fields[each] !== undefined);
    return field === undefined ? undefined : ([String(fields[field]), { ...fields, [field]: undefined }] as const);
  });
  const known = new Map(items.filter((item) => item !== undefined));
  return known.size === list.length ? known : undefined;
}
