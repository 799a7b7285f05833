import { applying } from "./applying.ts";
import { customResources } from "./custom-resources.ts";
import { deleting } from "./deleting.ts";
import { laws } from "./law.ts";
import { patching } from "./patching.ts";
import { reading } from "./reading.ts";
import { watching } from "./watching.ts";
import type { ContractWorld, Scene, SuiteTools } from "./world.ts";
import { writing } from "./writing.ts";

export { argoRefusals } from "../testing/refusals/index.ts";
export { sample } from "../testing/samples.ts";
export type { ContractWorld, SuiteTools } from "./world.ts";

const chapters = { reading, watching, writing, patching, applying, deleting, customResources, laws };

/**
 * The Client contract: one test for each rule, over whatever `open` gives. A world may be shared between tests
 * (`open` may return the same each time): every test works in a namespace of its own.
 */
export function clientContract(options: SuiteTools & { readonly open: () => Promise<ContractWorld> }): void {
  let scenes = 0;
  for (const [chapter, stories] of Object.entries(chapters)) {
    for (const [name, story] of Object.entries(stories)) {
      options.test(`${chapter}: ${name}`, async () => {
        const world = await options.open();
        const namespace = `suite-${++scenes}`;
        await world.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
        await story({ client: world.client, namespace, expect: options.expect, eventually: eventuallyIn(world) });
        await world.close();
      });
    }
  }
}

const eventuallyIn =
  ({ pause }: ContractWorld): Scene["eventually"] =>
  async (ask) => {
    for (let tries = 0; tries < 2000; tries++) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await pause?.();
    }
    throw new Error("asked 2000 times in vain");
  };
