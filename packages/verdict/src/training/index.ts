export { learn, told, worseThan } from "./learn.ts";
export {
  type Look,
  lookOf,
  type Outcomes,
  outcomesOf,
  PastPlayback,
  type Playback,
  patientOf,
  silent,
} from "./playback.ts";
export { type HeldOut, type Retrained, retrain } from "./retrain.ts";
