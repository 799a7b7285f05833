import { gates } from "../names.ts";
import type { View } from "../view.ts";

export const gateIsOff = ({ rollout }: View, gate: keyof typeof gates): boolean =>
  rollout.metadata.annotations?.[gates[gate]] === "off";
