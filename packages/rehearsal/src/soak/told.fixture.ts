import { plainStory, type Story } from "./index.ts";

export type Steps = Story["steps"];
export const wait = (seconds: number) => ({ do: "wait", seconds }) as const;
export const first: Steps = [{ do: "push", fate: "well" }, wait(300)];
export const bad: Steps = [...first, { do: "query", answer: "bad" }, { do: "push", fate: "well" }, wait(300)];
export const story = (steps: Steps, fields: Partial<Story> = {}): Story => ({ ...plainStory, ...fields, steps });
