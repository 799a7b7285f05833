export { type BuildOptions, type BuiltImage, buildImage } from "./image/build.ts";
export { ContentStore } from "./image/content-store.ts";
export { ImageStore, type ImageStoreOptions, type ResolvedImage } from "./image/image-store.ts";
export { type ImageConfig, type Manifest, processLabel } from "./image/oci.ts";
export { formatReference, type ImageReference, parseReference } from "./image/reference.ts";
export { createRegistryHandler, type RegistryOptions } from "./registry/handler.ts";
