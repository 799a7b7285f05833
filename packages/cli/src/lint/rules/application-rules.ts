import type { Application } from "@sluice/api";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, type World } from "../manifests/world.ts";
import { removal, withFix } from "../repairs/repairs.ts";

const hookAnnotation = "argocd.argoproj.io/hook";

/** Mistakes in Applications that are no mistakes of form. */
export const applicationFindings = (world: World): readonly Finding[] =>
  world.of("Application").flatMap((manifest) => [...checkHook(manifest), ...checkRevisionAsTag(manifest)]);

function checkHook(manifest: Manifest): readonly Finding[] {
  const hook = manifest.resource.metadata.annotations?.[hookAnnotation];
  if (hook === undefined) return [];
  return [
    withFix(
      findingAt(manifest, `metadata.annotations[${hookAnnotation}]`, {
        severity: "error",
        rule: "hook-on-application",
        what: "the Application itself is marked as a hook: a parent would create and delete it with every sync, and with it what it deploys",
        found: String(hook),
        expected: "the annotation on a Job or Pod among the manifests that the Application deploys",
        repair: "take it off the Application",
      }),
      removal(manifest, `metadata.annotations[${hookAnnotation}]`),
    ),
  ];
}

/** The Application's revision is a commit of the configuration repository; no image was ever tagged with it. */
function checkRevisionAsTag(manifest: Manifest): readonly Finding[] {
  const { spec } = manifest.resource as Partial<Application>;
  const findings: Finding[] = [];
  const look = (value: unknown, path: string, context: string): void => {
    if (typeof value === "string") {
      if (!/\$\{?ARGOCD_APP_REVISION/.test(value) || !/image|tag/i.test(`${context} ${value.replace(/\$.*/, "")}`))
        return;
      findings.push(
        findingAt(manifest, path, {
          severity: "error",
          rule: "revision-as-tag",
          what: "the revision is a commit of the configuration repository, not a tag of an image",
          found: value,
          expected: "the image's own tag or digest, committed to the configuration repository",
          repair: "write the tag or digest into the manifests when the image is built",
        }),
      );
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const name = (value as { name?: unknown }).name;
    const inner = typeof name === "string" ? `${context} ${name}` : context;
    for (const [key, child] of Object.entries(value)) {
      look(child, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, `${inner} ${key}`);
    }
  };
  look(spec?.source, "spec.source", "");
  look(spec?.sources, "spec.sources", "");
  return findings;
}
