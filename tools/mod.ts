/**
 * Ready-made systems, for programs that want a file system without writing a manifest.
 *
 * @module
 */

export { filesOnImage, type ImageOptions } from "./systems/files_on_image.ts";
export { mountedImage, type MountedImageOptions } from "./systems/mounted_image.ts";
export { loadManifest } from "./check_manifest/load_manifest.ts";
