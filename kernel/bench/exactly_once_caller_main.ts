/**
 * The client of the total as a domain.
 *
 * @module
 */

import { enter } from "../domain/enter.ts";
import { Total, TotalCaller } from "./exactly_once_protocol.ts";

const domain = await enter();
const total = domain.connect(Total, "total");

domain.serve(TotalCaller, {
  run({ promised, count }) {
    for (let index = 0; index < count; index++) total.callSync(promised, { amount: 1 });
    return count;
  },
});
