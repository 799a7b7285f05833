import { RE2JS } from "re2js";

const compiled = new Map<string, RE2JS | undefined>();

/** As Kubernetes, Istio and Argo read regular expressions: RE2, in linear time. Undefined where it is none. */
export function patternOf(source: string): RE2JS | undefined {
  if (compiled.has(source)) return compiled.get(source);
  let pattern: RE2JS | undefined;
  try {
    pattern = RE2JS.compile(source);
  } catch {
    pattern = undefined;
  }
  if (compiled.size > 5000) compiled.clear();
  compiled.set(source, pattern);
  return pattern;
}
