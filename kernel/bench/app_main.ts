/**
 * An app that has entered and does nothing.
 *
 * @module
 */

import { enter } from "../domain/enter.ts";
import { Link } from "./link_protocol.ts";

const domain = await enter();
const { below } = domain.options as { readonly below: string };
domain.connect(Link, below);
