import { type ImageStore as AgentImages, ImageFault } from "@sluice/backends/agent";
import { toFault } from "@sluice/kernel";
import { ImageStore } from "@sluice/supply-chain";

/** Supply-chain's images as the agent asks for them, each refusal under the reason that Kubernetes shows. */
export function agentImages(folder: string): AgentImages {
  const images = new ImageStore({ folder });
  return {
    async resolve(reference, policy) {
      try {
        const { digest, config } = await images.resolve(reference, policy);
        return { digest, config: config.config ?? {} };
      } catch (thrown) {
        const fault = toFault(thrown);
        if (fault.violations.some(({ path }) => path === "image"))
          throw new ImageFault("InvalidImageName", fault.message, { cause: thrown });
        if (fault.kind === "forbidden") throw new ImageFault("ImageNotRunnable", fault.message, { cause: thrown });
        if (policy === "Never") throw new ImageFault("ErrImageNeverPull", fault.message, { cause: thrown });
        throw new ImageFault("ErrImagePull", fault.message, { cause: thrown });
      }
    },
    unpack: (digest, target) => images.unpack(digest, target),
  };
}
