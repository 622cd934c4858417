/**
 * The witness: a client in a closed loop, which tells when it was answered again.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { nowUs } from "../../../kernel/trace/clock.ts";
import { DEATH, Victim, Witness } from "./victim_protocol.ts";

/** Calls before the death: code and caches are warm. */
const CALLS_BEFORE = 500;

const domain = await enter();
const victim = domain.connect(Victim, "victim");

domain.serve(Witness, {
  watch({ death }) {
    let life = 0;
    for (let call = 0; call < CALLS_BEFORE; call++) life = victim.callSync("life", {});
    let askedUs = nowUs();
    let answeredUs = askedUs;
    let gapUs = 0;
    if (death === DEATH.terminate) {
      domain.report("under way"); // Whoever hears it terminates the victim.
      for (let now = life; now === life;) {
        askedUs = answeredUs;
        now = victim.callSync("life", {});
        answeredUs = nowUs();
        gapUs = Math.max(gapUs, answeredUs - askedUs);
      }
    } else {
      victim.callSync("die", { life, death });
      answeredUs = nowUs();
      gapUs = answeredUs - askedUs;
    }
    const beginning = victim.callSync("beginning", {});
    return { life, askedUs, answeredUs, gapUs, ...beginning };
  },
});
