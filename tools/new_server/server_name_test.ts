import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../command_line/command.ts";
import { readServerName } from "./server_name.ts";

Deno.test("readServerName() takes what a domain may be called, and gives its protocol a name", () => {
  assertEquals(readServerName("tally"), { kebab: "tally", pascal: "Tally" });
  assertEquals(readServerName("shopping-cart-2"), {
    kebab: "shopping-cart-2",
    pascal: "ShoppingCart2",
  });
  assertEquals(readServerName("a".repeat(31)).kebab.length, 31);
});

const REFUSED: readonly (readonly [name: string, message: string])[] = [
  ["shoppingCart", 'starts with a letter; did you mean "shopping-cart"?'],
  ["Shopping_Cart", 'did you mean "shopping-cart"?'],
  ["../cart", 'did you mean "cart"?'],
  ["cart--two", 'did you mean "cart-two"?'],
  ["2fast", 'Cannot make a server "2fast": a name is up to 31 of a-z, 0-9 and single -'],
  ["", 'Cannot make a server "": a name is up to 31'],
  ["a".repeat(32), "a name is up to 31"],
  ["kernel", "that name belongs to Hako itself"],
  ["program", "that name belongs to Hako itself"],
];

for (const [name, message] of REFUSED) {
  Deno.test(`readServerName() refuses "${name}"`, () => {
    assertThrows(() => readServerName(name), UsageError, message);
  });
}
