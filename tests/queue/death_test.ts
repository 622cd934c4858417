import {
  dieEverywhere,
  dieOften,
  MEANWHILE,
  OPERATIONS,
  pauseEverywhere,
} from "./interruptions.ts";
import { compileStepping, shippedQueueCore } from "./stepping_core.ts";

const module = await compileStepping(await shippedQueueCore());

for (const [name, operation] of Object.entries(OPERATIONS)) {
  Deno.test(`${name}() may die at any step, and nothing is lost`, () => {
    dieEverywhere(module, operation);
  });
  for (const [what, meanwhile] of Object.entries(MEANWHILE)) {
    Deno.test(`${name}() may stand still at any step while ${what}, and go on`, () => {
      pauseEverywhere(module, operation, meanwhile);
    });
  }
}

Deno.test("take() may die in every entry of its ring, and the ring has room again", () => {
  dieOften(module);
});
