import { assertEquals } from "@std/assert";
import { boot, defineSystem, type System, type SystemEvent } from "@hako/kernel";
import { Borrower } from "./domains/borrower_protocol.ts";

const KiB = 1024;

/** A lender and a borrower, and a promise for each life in which the lender has lent. */
async function bootLending(): Promise<{ system: System; lentIn: (life: number) => Promise<void> }> {
  const lent = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const onEvent = (event: SystemEvent) => {
    if (event.type === "report" && event.domain === "lender") {
      lent[Number(event.value) - 1]?.resolve();
    }
  };
  const system = await boot(
    defineSystem({
      base: import.meta.url,
      domains: {
        borrower: {
          kind: "server",
          module: "./domains/borrower.ts",
          serves: { borrower: Borrower },
          keeps: { lent: 4 * KiB },
        },
        lender: {
          kind: "app",
          module: "./domains/lender.ts",
          uses: ["borrower"],
          windows: { bytes: 4 * KiB },
        },
      },
    }),
    { onEvent },
  );
  return { system, lentIn: (life) => lent[life - 1]!.promise };
}

Deno.test("a server hears that a client's life is over, and can still read what it lent", async () => {
  const { system, lentIn } = await bootLending();
  await using _halted = system;
  const borrower = await system.connect(Borrower, "borrower");
  await lentIn(1);
  assertEquals(borrower.callSync("ask", {}), { epoch: 1, gone: 0, byteThen: 0, byteNow: 1 });

  system.terminate("lender");
  await lentIn(2);

  const { gone, byteThen, byteNow } = borrower.callSync("ask", {});
  assertEquals({ gone, byteThen, byteNow }, { gone: 1, byteThen: 1, byteNow: 2 });
});

Deno.test("a server's successor finds what was lent to the one before", async () => {
  const { system, lentIn } = await bootLending();
  await using _halted = system;
  const borrower = await system.connect(Borrower, "borrower");
  await lentIn(1);

  system.terminate("borrower");
  while (borrower.callSync("ask", {}).epoch === 1);

  const { gone, byteNow } = borrower.callSync("ask", {});
  assertEquals({ gone, byteNow }, { gone: 0, byteNow: 1 });
});

Deno.test("the end of a client is heard of once when its server dies as well", async () => {
  const { system, lentIn } = await bootLending();
  await using _halted = system;
  const borrower = await system.connect(Borrower, "borrower");
  await lentIn(1);

  system.terminate("borrower");
  system.terminate("lender");
  await lentIn(2);
  while (borrower.callSync("ask", {}).epoch === 1);

  const { gone, byteNow } = borrower.callSync("ask", {});
  assertEquals({ gone, byteNow }, { gone: 1, byteNow: 2 });
});
