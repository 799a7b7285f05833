import { join } from "node:path";
import { createWireClient, loadKubeconfig } from "../client/index.ts";
import { createAgent } from "./agent.ts";
import { createFolderImageStore } from "./image-store.ts";
import { systemClock } from "./system-clock.ts";

// An agent in a process of its own, over the wire, to be killed.
const [kubeconfig = "", folder = ""] = process.argv.slice(2);
const agent = createAgent({
  client: createWireClient(await loadKubeconfig(kubeconfig)),
  stateFolder: join(folder, "state"),
  images: createFolderImageStore(join(folder, "images")),
  clock: systemClock,
});
await agent.start();
process.send?.("started");
process.on("SIGINT", () => void agent.shutdown(1).then(() => process.exit(0)));
