/**
 * The server of the null call as a domain.
 *
 * @module
 */

import { enter } from "../domain/enter.ts";
import { Adder, adding } from "./null_protocol.ts";

(await enter()).serve(Adder, adding);
