/**
 * The growth curves.
 *
 * @module
 */

import type { Curve } from "./curve.ts";
import { channels } from "./curves/channels.ts";
import { domains } from "./curves/domains.ts";
import { files } from "./curves/files.ts";
import { imageSize } from "./curves/image_size.ts";
import { openFiles } from "./curves/open_files.ts";

/** All of them. */
export const CURVES: readonly Curve[] = [domains, channels, openFiles, files, imageSize];
