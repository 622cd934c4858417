import { assertEquals } from "@std/assert";
import type { PairedRow } from "./paired_row.ts";
import { renderList } from "./row_list.ts";

const ROW: PairedRow = {
  name: "ipc/null/peer",
  peerName: "a peer",
  unit: "ms",
  target: 1.5,
  ours: () => Promise.reject(new Error("opened here")),
  peer: () => Promise.reject(new Error("opened here")),
};

Deno.test("renderList() tells names, targets, limits and peers, and opens nothing", () => {
  const limited = { ...ROW, name: "b", target: 0, limit: 5, limitP99: 20, excessMax: 2 };
  assertEquals(renderList([ROW, limited, { ...ROW, name: "c", target: 0 }]).split("\n"), [
    "row                                      target  peer",
    "-------------  --------------------------------  ------",
    "ipc/null/peer                               1.5  a peer",
    "b              <= 5 ms, p99 <= 20 ms, + <= 2 ms  a peer",
    "c                                             -  a peer",
  ]);
});
