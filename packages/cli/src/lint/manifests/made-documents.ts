import type { AnalysisTemplate, Deployment, Service } from "@sluice/api";
import { stringify } from "yaml";
import { hashArgument, type Repair } from "../repairs/repairs.ts";
import type { Manifest } from "./manifest.ts";
import type { World } from "./world.ts";

// What an object names and no file has, written whole: a person reads the difference before it is kept.

/** A document of its own at the end of the file in which it is missed. */
function appended({ file, source }: Manifest, object: object): Repair {
  const end = source.text.length;
  const line = source.text.endsWith("\n") || end === 0 ? "" : "\n";
  return [{ file, start: end, end, text: `${line}---\n${stringify(object, { lineWidth: 0, indentSeq: false })}` }];
}

const inNamespace = (namespace: string | undefined) => (namespace === undefined ? {} : { namespace });

/**
 * An analysis that compares by version, of the service that the Rollout names in an argument. Undefined where none of
 * its arguments names one, or no template among the files says where Prometheus is.
 */
export function madeTemplate(world: World, rollout: Manifest, name: string, given: readonly string[]): Repair {
  const service = given.find((argument) => /^service(-?name)?$/i.test(argument));
  const address = world
    .of("AnalysisTemplate")
    .flatMap(({ resource }) => (resource as Partial<AnalysisTemplate>).spec?.metrics ?? [])
    .flatMap((metric) => metric?.provider?.prometheus?.address ?? [])[0];
  if (service === undefined || address === undefined) return undefined;
  const label = `pod_template_hash="{{args.${hashArgument}}}",service="{{args.${service}}}"`;
  return appended(rollout, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name, ...inNamespace(rollout.resource.metadata.namespace) },
    spec: {
      args: [{ name: service }, { name: hashArgument }],
      metrics: [
        {
          name: "success-rate",
          // As long as its query looks back: before that it would see few requests, or none.
          initialDelay: "5m",
          interval: "1m",
          count: 5,
          successCondition: "result[0] >= 0.95",
          provider: {
            prometheus: {
              address,
              query:
                `(sum(rate(http_requests_total{${label},code!~"5.."}[5m])) or vector(0)) /\n` +
                `sum(rate(http_requests_total{${label}}[5m]))\n`,
            },
          },
        },
      ],
    },
  });
}

/** A way to one colour alone, with the ports of the Service that leads to the other one or to both. */
export function madeColourService(deployment: Manifest, pattern: Manifest, name: string): Repair {
  const labels = (deployment.resource as Deployment).spec?.template?.metadata?.labels;
  const { ports } = (pattern.resource as Partial<Service>).spec ?? {};
  if (labels === undefined || ports === undefined) return undefined;
  return appended(deployment, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, ...inNamespace(deployment.resource.metadata.namespace) },
    spec: { selector: labels, ports },
  });
}
