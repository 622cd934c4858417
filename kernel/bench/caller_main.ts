/**
 * The client of the null call as a domain.
 *
 * @module
 */

import { enter } from "../domain/enter.ts";
import { Adder, Caller, callingAdder } from "./null_protocol.ts";

const domain = await enter();
domain.serve(Caller, callingAdder(domain.connect(Adder, "adder")));
