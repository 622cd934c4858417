import { boot } from "@hako/kernel";
import { app, capabilitySystem } from "./capability_system.ts";
const scenario = Deno.args[0]!; const point = Deno.args[1]!; const kind = Deno.args[2]! as "throw";
const texts = new Map<string, number[]>();
for (let visit = Number(Deno.args[3] ?? 1); visit < Number(Deno.args[4] ?? 400); visit += Number(Deno.args[5] ?? 7)) {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let died = 0; const deaths: string[] = [];
  {
    await using system = await boot(capabilitySystem({ subject: app("lender", { scenario }, { start: "request" }) }), {
      faults: [{ domain: "kernel", point, visit, kind }],
      onEvent: (event) => {
        if (event.type === "kernel-died") died++;
        if (event.type === "died") deaths.push(event.domain + " " + event.why);
        if (event.type === "finished") resolve(event.value);
        if (event.type === "died" && event.domain === "subject") resolve(event.why);
      },
    });
    await system.start("subject");
    console.log("started"); const value = await Promise.race([promise, new Promise((r) => setTimeout(() => r("TIMEOUT"), 1500))]);
    const text = JSON.stringify([value, deaths]);
    texts.set(text, [...texts.get(text) ?? [], visit]);
    if (value === "TIMEOUT") console.log(visit, "TIMEOUT", died);
  }
  if (died === 0) { console.log("not reached at", visit); break; }
}
for (const [t, v] of texts) console.log(v.length, v.slice(0, 10).join(","), t.slice(0, 600));
