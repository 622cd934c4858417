import { assertEquals } from "@std/assert";
import { BufferPool } from "./buffer_pool.ts";

const OPTIONS = { buffers: 3, bufferBytes: 128, leaseMs: 100 };

Deno.test("acquire() leases each buffer to one holder, and says when there is none", () => {
  const pool = BufferPool.open(BufferPool.create(OPTIONS, { cycle: -1, generation: 0xfffff }));
  for (let round = 0; round < 1_000; round++) {
    const leases = [pool.acquire(0)!, pool.acquire(0)!, pool.acquire(0)!];
    assertEquals(new Set(leases.map(({ bytes }) => bytes.byteOffset)).size, 3);
    assertEquals(pool.acquire(0), undefined);
    assertEquals(pool.counts(), { free: 0, leased: 3 });
    for (const lease of leases) assertEquals(lease.release(), true);
    assertEquals(leases[0]!.release(), false);
  }
  assertEquals(pool.counts(), { free: 3, leased: 0 });
});

Deno.test("sweep() frees what a dead holder had, and leaves a lease that was extended", () => {
  const pool = BufferPool.open(BufferPool.create(OPTIONS));
  const dead = pool.acquire(0)!;
  const alive = pool.acquire(0)!;
  assertEquals(alive.extend(50), true);
  assertEquals(pool.sweep(100), { requeued: 0, freed: 1, relinked: 0, died: 0 });
  assertEquals([dead.release(), dead.extend(100), alive.release()], [false, false, true]);
  assertEquals(pool.counts(), { free: 3, leased: 0 });
});
