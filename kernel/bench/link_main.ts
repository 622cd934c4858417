/**
 * A link of a chain: a server that passes a value on to the one below it, if there is one.
 *
 * @module
 */

import { enter } from "../domain/enter.ts";
import { Link } from "./link_protocol.ts";

const domain = await enter();
const { below } = domain.options as { readonly below?: string };
const next = below === undefined ? undefined : domain.connect(Link, below);

domain.serve(Link, {
  pass: ({ value }) => next === undefined ? value : next.callSync("pass", { value }),
});
