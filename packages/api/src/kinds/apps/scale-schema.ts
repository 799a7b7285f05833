import { at, count, object, text } from "../../schema/build.ts";
import { resource } from "../meta-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const scaleSpec = object("ScaleSpec describes the attributes of a scale subresource.", {
  replicas: at(1, count("Replicas is the desired number of instances for the scaled object.")),
});

const scaleStatus = object("ScaleStatus represents the current status of a scale subresource.", {
  replicas: at(1, count("Replicas is the actual number of observed instances of the scaled object.")),
  selector: at(2, text("Selector is the label query over pods that should match the replicas count.")),
});

/** Of the scale subresource, for every kind that has one. */
export const scaleSchema = resource("How many pods there should be, and are.", {
  spec: at(2, scaleSpec),
  status: at(3, scaleStatus),
});
