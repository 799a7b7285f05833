import type { BlueGreenDeployment } from "@sluice/api";
import { shortHash } from "@sluice/kernel";

const keyOfRelease = ({ metadata, spec }: BlueGreenDeployment): string => `${metadata.uid}/${spec.release}`;

export const smokeName = (object: BlueGreenDeployment): string =>
  `${object.metadata.name.slice(0, 40)}-smoke-${shortHash(keyOfRelease(object)).slice(-6)}`;

export const taskId = (object: BlueGreenDeployment, purpose: string): string =>
  `bluegreen/${keyOfRelease(object)}/${purpose}`;

export const decisionName = (object: BlueGreenDeployment, what: string): string =>
  `${object.metadata.name}-${shortHash(`${keyOfRelease(object)}/${what}`)}`;
