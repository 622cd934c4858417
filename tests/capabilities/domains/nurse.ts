/**
 * An app that manages the shelf: looks at it, gives it another life, ends it.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { outcomeOf } from "./outcome.ts";
import { Shelf } from "./shelf_protocol.ts";

const domain = await enter();
const shelf = domain.connect(Shelf, "shelf");
const patient = domain.capability("domain", "shelf");

shelf.callSync("write", { shelf: 3, value: 33 });
const before = patient.look();
const onlooker = patient.derive({ rights: ["look"] });
const refused = [outcomeOf(() => onlooker.restart()), outcomeOf(() => onlooker.terminate())];
patient.restart();
const value = shelf.callSync("read", { shelf: 3 });
const after = onlooker.look();
patient.terminate();
const call = outcomeOf(() => shelf.callSync("read", { shelf: 3 }));

domain.finish({
  epochs: [before.epoch, after.epoch],
  refused,
  value,
  call,
  restart: outcomeOf(() => patient.restart()),
});
